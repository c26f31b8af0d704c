/* Sends a picture to a coapture server.
 *
 *     camera [OPTION ...] HOST PORT DEVICE FILE */

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbor.h"
#include "sha256.h"
#include "upload.h"

enum { CREATED = 0x41, CHANGED = 0x44 };
enum { JPEG = 22, MOST_DEVICE = 240, HEX_DIGEST = 65, SETBACKS = 20 };

static const char USAGE[] =
    "camera [OPTION ...] HOST PORT DEVICE FILE\n"
    "  -c  device and timestamp in the body, in CBOR\n"
    "  -t  Unix seconds; 0, the default, is now\n"
    "  -s  a file by which the upload survives a restart\n"
    "  -a  until the first retransmission of a message (2); libcoap wants at least 1\n"
    "  -r  how often a message is retransmitted (4)\n"
    "  -p  before another try, when a block stays unanswered (10)\n";

struct options {
    bool cbor;
    uint32_t timestamp;
    const char *state, *host, *port, *device, *file;
    struct patience patience;
};

static void die(const char *why) {
    fprintf(stderr, "camera: %s\n", why);
    exit(EXIT_FAILURE);
}

static struct options read_options(int count, char **words) {
    struct options options = {.patience = {2.0, 4, 10.0, SETBACKS}};
    for (int option; (option = getopt(count, words, "ct:s:a:r:p:")) != -1;) {
        if (option == 'c')
            options.cbor = true;
        else if (option == 't')
            options.timestamp = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 's')
            options.state = optarg;
        else if (option == 'a')
            options.patience.ack_timeout = strtod(optarg, NULL);
        else if (option == 'r')
            options.patience.max_retransmit = (uint16_t)strtoul(optarg, NULL, 10);
        else if (option == 'p')
            options.patience.pause = strtod(optarg, NULL);
        else
            die(USAGE);
    }
    if (count - optind != 4 || strlen(words[optind + 2]) > MOST_DEVICE ||
        options.patience.ack_timeout < 1)
        die(USAGE);
    options.host = words[optind];
    options.port = words[optind + 1];
    options.device = words[optind + 2];
    options.file = words[optind + 3];
    return options;
}

/* What a camera's driver would give: the bytes of the picture. */
static struct part read_frame(const char *name) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die("the file cannot be read");
    size_t size = (size_t)ftell(file);
    uint8_t *frame = malloc(size + 1);
    rewind(file);
    if (!frame || fread(frame, 1, size, file) != size)
        die("the file cannot be read");
    fclose(file);
    return (struct part){frame, size};
}

static coap_address_t resolve(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found;
    coap_address_t address;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        die("the host has no address");
    coap_address_init(&address);
    address.size = found->ai_addrlen;
    memcpy(&address.addr, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return address;
}

static void to_hex(const uint8_t *bytes, size_t size, char *text) {
    for (size_t i = 0; i < size; i++)
        sprintf(text + 2 * i, "%02x", bytes[i]);
}

/* The Request-Tag (RFC 9175) of this picture's upload: true where it had begun before a restart. */
static bool recall(const char *state, const char *digest, uint8_t tag[8]) {
    char former[HEX_DIGEST] = "";
    unsigned bytes[8];
    FILE *file = state ? fopen(state, "r") : NULL;
    if (file) {
        int read = fscanf(file, "%64s %2x%2x%2x%2x%2x%2x%2x%2x", former, &bytes[0], &bytes[1],
                          &bytes[2], &bytes[3], &bytes[4], &bytes[5], &bytes[6], &bytes[7]);
        fclose(file);
        if (read == 9 && strcmp(former, digest) == 0) {
            for (int i = 0; i < 8; i++)
                tag[i] = (uint8_t)bytes[i];
            return true;
        }
    }
    coap_prng(tag, 8);
    if (state) {
        char text[17];
        to_hex(tag, 8, text);
        file = fopen(state, "w");
        if (!file || fprintf(file, "%s %s", digest, text) < 0 || fclose(file) != 0)
            die("the state cannot be written");
    }
    return false;
}

int main(int count, char **words) {
    struct options options = read_options(count, words);
    struct part frame = read_frame(options.file);
    coap_address_t server = resolve(options.host, options.port);
    uint8_t head[CBOR_HEAD_SIZE], digest[32];
    char hex[HEX_DIGEST], by_digest[7 + HEX_DIGEST], device[2 + MOST_DEVICE + 1], time[16];
    size_t head_size = 0;

    sha256(frame.data, frame.size, digest);
    to_hex(digest, sizeof digest, hex);
    sprintf(by_digest, "sha256=%s", hex);
    sprintf(device, "d=%s", options.device);
    sprintf(time, "t=%lu", (unsigned long)options.timestamp);
    if (options.cbor)
        head_size = cbor_head(head, options.device, options.timestamp, frame.size);
    struct upload upload = {
        .parts = {{head, head_size}, frame},
        .size = head_size + frame.size,
        .exponent = 6,
        .content_format = options.cbor ? COAP_MEDIATYPE_APPLICATION_CBOR : JPEG,
        .query = {by_digest, options.cbor ? NULL : device, time},
    };

    coap_startup();
    coap_context_t *context = coap_new_context(NULL);
    if (!context)
        die("libcoap does not start");
    /* After a restart the last block asks for the place: it does not follow, and the answer 4.08
     * says which one does. So the state is written once an upload. */
    if (recall(options.state, hex, upload.tag))
        upload.offset = (upload.size - 1) / 1024 * 1024;
    int code = upload_send(&upload, context, &server, &options.patience);
    coap_free_context(context);
    coap_cleanup();
    free((void *)frame.data);
    if (options.state && code)
        remove(options.state);
    printf("%d.%02d\n", code >> 5, code & 31);
    return code == CREATED || code == CHANGED ? EXIT_SUCCESS : EXIT_FAILURE;
}
