/* HTTP/1.1 load: N connections, kept alive where the server allows it, one request each at a time.
 *
 * usage: http_load PORT FILE CONNECTIONS SECONDS FIRST COUNT STATUS
 *
 * FILE holds complete requests, each behind its length (32 bits, the machine's order). The requests
 * numbered FIRST, FIRST+1, ... are sent, COUNT at most (0: no end): number i is entry i of the file,
 * modulo their count, with the placeholders of load.h filled in. After SECONDS no more is sent, what
 * is under way is waited for. STATUS is the status that each answer must have.
 * Prints JSON. A time runs from the first byte (or the connect) to the last byte of the answer.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define HEAD_ROOM 16384
#define PATIENCE 30.0

typedef struct {
    int fd, busy, in_body, closes, status;
    char *out, head[HEAD_ROOM + 1];
    size_t out_length, out_sent, head_length, body_left;
    double started;
} Connection;

static struct sockaddr_in server = {.sin_family = AF_INET};
static int poller, wanted_status, shown;
static long next_number, end_number;
static double deadline;
static Times times;
static long codes[MOST_CODES], done, done_in_time, errors, connects;
static double body_bytes;

static void disconnect(Connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
}

static void reach(Connection *c) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS)
        die("connect");
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
    connects++;
}

static void finish(Connection *c, double t) {
    c->busy = 0;
    done++;
    done_in_time += t <= deadline;
    add_time(&times, t - c->started);
}

static void fail(Connection *c, const char *why, double t) {
    if (shown++ < 3) fprintf(stderr, "request failed: %s\n", why);
    errors++;
    finish(c, t);
    disconnect(c);
}

static void send_more(Connection *c, double t) {
    while (c->out_sent < c->out_length) {
        ssize_t n = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS)) return;
        if (n < 0) return fail(c, strerror(errno), t);
        c->out_sent += n;
    }
}

static void start(Connection *c) {
    double t = now();
    if (t >= deadline || next_number == end_number) return;
    Request *request = &requests[next_number % request_count];
    memcpy(c->out, request->bytes, request->length);
    put_number(c->out, request->length, next_number++);
    c->out_length = request->length;
    c->out_sent = c->head_length = c->in_body = c->closes = 0;
    c->busy = 1;
    c->started = t;
    if (c->fd < 0) reach(c);
    send_more(c, t);
}

/* The value of a header, or NULL. */
static const char *header(const Connection *c, const char *name) {
    size_t length = strlen(name);
    const char *line = strstr(c->head, "\r\n");
    for (; line && line[2]; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, length) && line[2 + length] == ':') {
            line += 3 + length;
            return line + strspn(line, " ");
        }
    return NULL;
}

static const char *read_head(Connection *c) {
    const char *connection = header(c, "connection"), *length = header(c, "content-length");
    if (sscanf(c->head, "HTTP/1.%*d %d", &c->status) != 1) return "no status line";
    if (!length) return "an answer without Content-Length";
    c->closes = connection && !strncasecmp(connection, "close", 5);
    c->body_left = strtoul(length, NULL, 10);
    body_bytes += c->body_left;
    c->in_body = 1;
    return NULL;
}

static void answered(Connection *c, double t) {
    codes[c->status < MOST_CODES ? c->status : 0]++;
    if (c->status != wanted_status) {
        errors++;
        if (shown++ < 3) fprintf(stderr, "unexpected answer: %.*s\n", 900, c->head);
    }
    finish(c, t);
    if (c->closes) disconnect(c);
    start(c);
}

/* Take bytes of the answer; the reason where they are none of HTTP. */
static const char *take(Connection *c, const char *bytes, size_t n) {
    if (!c->in_body) {
        size_t before = c->head_length, room = HEAD_ROOM - before, part = n < room ? n : room;
        memcpy(c->head + before, bytes, part);
        c->head[c->head_length = before + part] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (!end) return part == room ? "a head that is too long" : NULL;
        const char *why = read_head(c);
        if (why) return why;
        n -= end + 4 - c->head - before;
    }
    if (n > c->body_left) return "more bytes than Content-Length";
    c->body_left -= n;
    return NULL;
}

static void receive(Connection *c) {
    static char bytes[262144];
    while (c->fd >= 0) {
        ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
        double t = now();
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0 && !c->busy) return disconnect(c);
        if (n <= 0) return fail(c, n ? strerror(errno) : "connection closed", t);
        if (!c->busy) return disconnect(c);
        const char *why = take(c, bytes, n);
        if (why) return fail(c, why, t);
        if (c->in_body && !c->body_left) answered(c, t);
    }
}

static void serve_events(void) {
    struct epoll_event events[256];
    int count = epoll_wait(poller, events, 256, 50);
    for (int i = 0; i < count; i++) {
        Connection *c = events[i].data.ptr;
        if (c->busy && c->fd >= 0 && events[i].events & EPOLLOUT) send_more(c, now());
        if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
    }
}

static int run(Connection *connections, int count) {
    int busy = 1;
    while (busy) {
        serve_events();
        busy = 0;
        for (int i = 0; i < count; i++) {
            Connection *c = &connections[i];
            if (c->busy && now() - c->started > PATIENCE) fail(c, "no answer in time", now());
            if (!c->busy) start(c);
            busy += c->busy;
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: http_load PORT FILE CONNECTIONS SECONDS FIRST COUNT STATUS\n");
        return 2;
    }
    int count = atoi(argv[3]);
    double seconds = atof(argv[4]);
    server.sin_port = htons(atoi(argv[1]));
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    read_requests(argv[2]);
    next_number = atol(argv[5]);
    end_number = atol(argv[6]) ? next_number + atol(argv[6]) : -1;
    wanted_status = atoi(argv[7]);
    poller = epoll_create1(0);
    Connection *connections = calloc(count, sizeof(Connection));
    double begin = now();
    deadline = begin + seconds;
    for (int i = 0; i < count; i++) {
        connections[i].fd = -1;
        connections[i].out = malloc(longest);
        start(&connections[i]);
    }
    run(connections, count);
    double end = now();
    double span = end < deadline ? end - begin : seconds;
    printf("{\"done\": %ld, \"errors\": %ld, \"per_second\": %.1f, \"connects\": %ld, "
           "\"body_bytes\": %.0f, ", done, errors, done_in_time / span, connects, body_bytes);
    print_times("", &times);
    print_codes(codes);
    return 0;
}
