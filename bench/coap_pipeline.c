/* CoAP load over UDP: K sockets, on each several confirmable requests under way at a time.
 *
 * usage: coap_pipeline PORT FILE SOCKETS IN_FLIGHT SECONDS FIRST COUNT CODE
 *
 * FILE holds requests, each behind its length (32 bits, the machine's order): the byte of the code,
 * then options and payload; the header and a token of 4 bytes are put before them. The requests
 * numbered FIRST, FIRST+1, ... are sent, COUNT at most (0: no end): number i is entry i of the file,
 * modulo their count, with the placeholders of load.h filled in. After SECONDS no more is sent, what
 * is under way is waited for. CODE is the code that each answer must have, 205 for 2.05. A message
 * that is lost is sent again as RFC 7252 section 4.2 says; no message id of a socket is used twice.
 * Prints JSON. A time runs from the first transmission to the answer.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define LONGEST 4096
#define HEADER 8
#define MOST_REPEATS 4
#define MOST_IDS 65536
#define PATIENCE 30.0
#define RECEIVE_BUFFER (1 << 20)

typedef struct {
    int fd;
    uint16_t message_id;
    long ids_used;
} Socket;

typedef struct {
    Socket *socket;
    int busy, repeats, acknowledged;
    uint16_t message_id;
    uint32_t token;
    uint8_t message[LONGEST + HEADER];
    size_t length;
    double started, sent, timeout;
} Slot;

static Slot *slots;
static int slot_count, wanted_code, shown;
static long next_number, end_number;
static double deadline;
static Times times;
static long codes[MOST_CODES], done, done_in_time, errors, repeats_sent;
static double body_bytes;

static void transmit(Slot *s, double t) {
    s->sent = t;
    if (send(s->socket->fd, s->message, s->length, 0) < 0 && errno != EAGAIN) die("send");
}

static void start(Slot *s) {
    double t = now();
    if (t >= deadline || next_number == end_number) return;
    if (s->socket->ids_used++ == MOST_IDS) die("message ids are used up; take more sockets");
    Request *request = &requests[next_number % request_count];
    s->message_id = s->socket->message_id++;
    s->token += slot_count;
    s->message[0] = 0x44; /* version 1, confirmable, a token of 4 bytes */
    s->message[1] = request->bytes[0];
    s->message[2] = s->message_id >> 8;
    s->message[3] = s->message_id & 255;
    memcpy(s->message + 4, &s->token, 4);
    memcpy(s->message + HEADER, request->bytes + 1, request->length - 1);
    s->length = HEADER + request->length - 1;
    put_number((char *)s->message + HEADER, s->length - HEADER, next_number++);
    s->busy = 1;
    s->repeats = s->acknowledged = 0;
    s->timeout = 2 + rand() / (double)RAND_MAX;
    s->started = t;
    transmit(s, t);
}

static void finish(Slot *s, int code, double t) {
    s->busy = 0;
    done++;
    done_in_time += t <= deadline;
    add_time(&times, t - s->started);
    codes[code < MOST_CODES ? code : 0]++;
    if (code != wanted_code) {
        errors++;
        if (shown++ < 3) fprintf(stderr, "a request was answered %d (0: no answer)\n", code);
    }
    start(s);
}

/* The value of an option's delta or length nibble, with the bytes that extend it. */
static long extended(const uint8_t *bytes, ssize_t length, ssize_t *at, int nibble) {
    long value = nibble;
    if (nibble == 13 && *at < length) {
        value = 13 + bytes[(*at)++];
    } else if (nibble == 14 && *at + 1 < length) {
        value = 269 + (bytes[*at] << 8 | bytes[*at + 1]);
        *at += 2;
    }
    return value;
}

static long payload_length(const uint8_t *bytes, ssize_t length) {
    ssize_t at = HEADER;
    while (at < length) {
        int first = bytes[at++];
        if (first == 0xff) return length - at;
        extended(bytes, length, &at, first >> 4);
        at += extended(bytes, length, &at, first & 15);
    }
    return 0;
}

static void take_acknowledgement(const Socket *socket, int message_id) {
    for (int i = 0; i < slot_count; i++)
        if (slots[i].socket == socket && slots[i].busy && slots[i].message_id == message_id)
            slots[i].acknowledged = 1;
}

static void take(Socket *socket, const uint8_t *bytes, ssize_t length, double t) {
    int type = bytes[0] >> 4 & 3, code = (bytes[1] >> 5) * 100 + (bytes[1] & 31);
    int message_id = bytes[2] << 8 | bytes[3];
    uint32_t token;
    if (type == 0) { /* a separate answer is acknowledged */
        uint8_t acknowledgement[4] = {0x60, 0, bytes[2], bytes[3]};
        send(socket->fd, acknowledgement, 4, 0);
    }
    if (code == 0) {
        if (type == 2) take_acknowledgement(socket, message_id);
        return;
    }
    if ((bytes[0] & 15) != 4 || length < HEADER) return;
    memcpy(&token, bytes + 4, 4);
    Slot *s = &slots[token % slot_count];
    if (s->socket != socket || !s->busy || s->token != token) return;
    if (type == 2 && message_id != s->message_id) return;
    body_bytes += payload_length(bytes, length);
    finish(s, code, t);
}

static void repeat_if_late(Slot *s, double t) {
    double limit = s->acknowledged ? PATIENCE : s->timeout;
    if (!s->busy || t - s->sent < limit) return;
    if (s->acknowledged || s->repeats++ == MOST_REPEATS) return finish(s, 0, t);
    s->timeout *= 2;
    repeats_sent++;
    transmit(s, t);
}

static void open_socket(Socket *socket_, int port, int poller) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = socket_};
    int room = RECEIVE_BUFFER;
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    socket_->message_id = rand();
    socket_->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (socket_->fd < 0) die("socket");
    setsockopt(socket_->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (connect(socket_->fd, (struct sockaddr *)&server, sizeof server) < 0) die("connect");
    epoll_ctl(poller, EPOLL_CTL_ADD, socket_->fd, &event);
}

static void receive(Socket *socket) {
    uint8_t bytes[LONGEST];
    ssize_t length;
    while ((length = recv(socket->fd, bytes, sizeof bytes, 0)) >= 0)
        if (length >= 4) take(socket, bytes, length, now());
    if (errno == ECONNREFUSED) die("the server");
}

static void run(int poller) {
    struct epoll_event events[64];
    double looked = now();
    for (int busy = 1; busy;) {
        int ready = epoll_wait(poller, events, 64, 50);
        for (int i = 0; i < ready; i++) receive(events[i].data.ptr);
        double t = now();
        if (t - looked < 0.05 && t < deadline && next_number != end_number) continue;
        looked = t;
        busy = 0;
        for (int i = 0; i < slot_count; i++) {
            repeat_if_late(&slots[i], t);
            busy += slots[i].busy;
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 9) {
        fprintf(stderr,
                "usage: coap_pipeline PORT FILE SOCKETS IN_FLIGHT SECONDS FIRST COUNT CODE\n");
        return 2;
    }
    int socket_count = atoi(argv[3]), poller = epoll_create1(0);
    double seconds = atof(argv[5]);
    Socket *sockets = calloc(socket_count, sizeof(Socket));
    slot_count = socket_count * atoi(argv[4]);
    slots = calloc(slot_count, sizeof(Slot));
    read_requests(argv[2]);
    if (longest > LONGEST) die("a request is too long");
    next_number = atol(argv[6]);
    end_number = atol(argv[7]) ? next_number + atol(argv[7]) : -1;
    wanted_code = atoi(argv[8]);
    srand(time(NULL) ^ getpid());
    for (int i = 0; i < socket_count; i++) open_socket(&sockets[i], atoi(argv[1]), poller);
    double begin = now();
    deadline = begin + seconds;
    for (int i = 0; i < slot_count; i++) {
        slots[i].socket = &sockets[i % socket_count];
        slots[i].token = i;
        start(&slots[i]);
    }
    run(poller);
    double end = now(), span = end < deadline ? end - begin : seconds;
    printf("{\"done\": %ld, \"errors\": %ld, \"per_second\": %.1f, \"repeats\": %ld, "
           "\"body_bytes\": %.0f, ", done, errors, done_in_time / span, repeats_sent, body_bytes);
    print_times("", &times);
    print_codes(codes);
    return 0;
}
