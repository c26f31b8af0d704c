// node server.js PORT FILE: node-coap as its README shows it.
// /collections is the FILE's bytes in link-format; /sink takes what is posted and drops it.

const { readFileSync } = require('fs')
const coap = require('coap')

const [port, file] = process.argv.slice(2)
const body = readFileSync(file)

function answer (request, response) {
  if (request.method === 'GET' && request.url === '/collections') {
    response.setOption('Content-Format', 'application/link-format')
    response.end(body)
  } else if (request.url.startsWith('/sink')) {
    response.code = '2.04'
    response.end()
  } else {
    response.code = '4.04'
    response.end()
  }
}

coap.createServer(answer).listen(Number(port), '127.0.0.1')
