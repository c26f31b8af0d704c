/* CoAP uploads over UDP: N writers, each posting an image block by block (RFC 7959, Block1 of 1 KiB).
 *
 * usage: coap_load PORT FILE WRITERS SECONDS FIRST PATH METHOD CODE
 *
 * FILE is a JPEG with placeholders of load.h. Upload number FIRST, FIRST+1, ... goes to
 * PATH?d=coap-<writer>&t=<time of that number> by METHOD (its number: 2 is POST, 3 PUT). After
 * SECONDS no upload starts, those under way are finished. CODE is the code that each is to be
 * answered with, 201 for 2.01. A lost message is sent again as RFC 7252 section 4.2 says.
 * Prints JSON: times of whole uploads, and of the last block (from sending it to the answer).
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BLOCK 1024
#define SZX 6
#define CONTINUE 231
#define MOST_REPEATS 4

enum { URI_PATH = 11, CONTENT_FORMAT = 12, URI_QUERY = 15, BLOCK1 = 27, SIZE1 = 60 };

typedef struct {
    int fd, index, busy, repeats, acknowledged;
    uint16_t message_id;
    uint32_t token, block;
    long number;
    char *image;
    uint8_t message[BLOCK + 256];
    size_t message_length;
    double started, block_sent, sent, timeout;
} Writer;

static char *original, *path;
static int method, wanted_code;
static size_t size;
static long next_number;
static double deadline;
static Times uploads, last_blocks;
static long codes[MOST_CODES], done, done_in_time, errors, repeats_sent;
static int shown;

static uint8_t *option(uint8_t *p, int *last, int number, const void *value, size_t length) {
    int delta = number - *last;
    uint8_t *first = p++;
    *last = number;
    *first = (delta < 13 ? delta : 13) << 4 | (length < 13 ? length : 13);
    if (delta >= 13) *p++ = delta - 13;
    if (length >= 13) *p++ = length - 13;
    memcpy(p, value, length);
    return p + length;
}

static uint8_t *uint_option(uint8_t *p, int *last, int number, uint32_t value) {
    uint8_t bytes[4];
    size_t length = 0;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (length || value >> shift) bytes[length++] = value >> shift;
    return option(p, last, number, bytes, length);
}

static int is_last(const Writer *w) { return ((size_t)w->block + 1) * BLOCK >= size; }

static void build(Writer *w) {
    char device[32], moment[64];
    uint8_t *p = w->message;
    int last = 0;
    size_t at = (size_t)w->block * BLOCK, length = is_last(w) ? size - at : BLOCK;
    int named = snprintf(device, sizeof device, "d=coap-%d", w->index);
    int timed = snprintf(moment, sizeof moment, "t=2026-11-21T09:00:00.%06ldZ", w->number % 1000000);
    w->message_id++;
    *p++ = 0x44; /* version 1, confirmable, a token of 4 bytes */
    *p++ = method;
    *p++ = w->message_id >> 8;
    *p++ = w->message_id & 255;
    memcpy(p, &w->token, 4);
    p += 4;
    for (const char *slash = path; *slash;) {
        const char *segment = slash + 1;
        slash = strchrnul(segment, '/');
        p = option(p, &last, URI_PATH, segment, slash - segment);
    }
    p = uint_option(p, &last, CONTENT_FORMAT, 22);
    p = option(p, &last, URI_QUERY, device, named);
    p = option(p, &last, URI_QUERY, moment, timed);
    p = uint_option(p, &last, BLOCK1, w->block << 4 | !is_last(w) << 3 | SZX);
    p = uint_option(p, &last, SIZE1, size);
    *p++ = 0xff;
    memcpy(p, w->image + at, length);
    w->message_length = p + length - w->message;
}

static void transmit(Writer *w, double t) {
    w->sent = t;
    if (send(w->fd, w->message, w->message_length, 0) < 0 && errno != EAGAIN) die("send");
}

static void send_block(Writer *w, double t) {
    build(w);
    w->block_sent = t;
    w->timeout = 2 + rand() / (double)RAND_MAX;
    w->repeats = w->acknowledged = 0;
    transmit(w, t);
}

static void start(Writer *w) {
    double t = now();
    if (t >= deadline) return;
    w->busy = 1;
    w->number = next_number++;
    w->token += 0x10001;
    w->block = 0;
    w->started = t;
    memcpy(w->image, original, size);
    put_number(w->image, size, w->number);
    send_block(w, t);
}

static void finish(Writer *w, int code, double t) {
    w->busy = 0;
    done++;
    done_in_time += t <= deadline;
    add_time(&uploads, t - w->started);
    codes[code < MOST_CODES ? code : 0]++;
    if (code == wanted_code) {
        add_time(&last_blocks, t - w->block_sent);
    } else {
        errors++;
        if (shown++ < 3) fprintf(stderr, "block %u was answered %d (0: no answer)\n", w->block, code);
    }
    start(w);
}

static void take(Writer *w, const uint8_t *bytes, ssize_t length, double t) {
    int type = bytes[0] >> 4 & 3, code = (bytes[1] >> 5) * 100 + (bytes[1] & 31);
    int ours = bytes[2] == w->message_id >> 8 && bytes[3] == (w->message_id & 255);
    if (type == 0) { /* a separate answer is acknowledged */
        uint8_t acknowledgement[4] = {0x60, 0, bytes[2], bytes[3]};
        send(w->fd, acknowledgement, 4, 0);
    }
    if (code == 0) {
        w->acknowledged |= ours && type == 2;
        return;
    }
    if (!w->busy || (type == 2 && !ours)) return;
    if ((bytes[0] & 15) != 4 || length < 8 || memcmp(bytes + 4, &w->token, 4)) return;
    if (code != CONTINUE || is_last(w)) return finish(w, code, t);
    w->block++;
    send_block(w, t);
}

static void repeat_if_late(Writer *w, double t) {
    double limit = w->acknowledged ? 30 : w->timeout;
    if (!w->busy || t - w->sent < limit) return;
    if (w->acknowledged || w->repeats++ == MOST_REPEATS) return finish(w, 0, t);
    w->timeout *= 2;
    repeats_sent++;
    transmit(w, t);
}

static void open_writer(Writer *w, int index, int port, int poller) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    w->index = index;
    w->message_id = w->token = rand();
    w->image = malloc(size);
    w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&server, sizeof server) < 0) die("connect");
    epoll_ctl(poller, EPOLL_CTL_ADD, w->fd, &event);
}

static void run(Writer *writers, int count, int poller) {
    struct epoll_event events[64];
    uint8_t bytes[4096];
    for (int busy = 1; busy;) {
        int ready = epoll_wait(poller, events, 64, 50);
        for (int i = 0; i < ready; i++) {
            Writer *w = events[i].data.ptr;
            ssize_t length = recv(w->fd, bytes, sizeof bytes, 0);
            if (length < 0 && errno == ECONNREFUSED) die("the gateway");
            if (length >= 4) take(w, bytes, length, now());
        }
        busy = 0;
        for (int i = 0; i < count; i++) {
            repeat_if_late(&writers[i], now());
            busy += writers[i].busy;
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 9) {
        fprintf(stderr, "usage: coap_load PORT FILE WRITERS SECONDS FIRST PATH METHOD CODE\n");
        return 2;
    }
    int count = atoi(argv[3]), poller = epoll_create1(0);
    double seconds = atof(argv[4]);
    Writer *writers = calloc(count, sizeof(Writer));
    original = map_file(argv[2], &size);
    next_number = atol(argv[5]);
    path = argv[6];
    method = atoi(argv[7]);
    wanted_code = atoi(argv[8]);
    srand(time(NULL) ^ getpid());
    deadline = now() + seconds;
    for (int i = 0; i < count; i++) {
        open_writer(&writers[i], i, atoi(argv[1]), poller);
        start(&writers[i]);
    }
    run(writers, count, poller);
    printf("{\"done\": %ld, \"errors\": %ld, \"per_second\": %.1f, \"repeats\": %ld, ", done, errors,
           done_in_time / seconds, repeats_sent);
    print_times("", &uploads);
    print_times("last_", &last_blocks);
    print_codes(codes);
    return 0;
}
