/* What both load generators share: the clock, the requests and their numbers, the report.
 *
 * A request is sent many times, each time a little different: every run of six '@' in it is
 * replaced by the request's number, in six decimal digits.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MARK "@@@@@@"
#define MARK_LENGTH 6
#define MOST_CODES 600

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static char *map_file(const char *path, size_t *length) {
    struct stat facts;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &facts) < 0) die(path);
    *length = facts.st_size;
    char *bytes = mmap(NULL, facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) die(path);
    close(fd);
    return bytes;
}

/* The requests of a file: each behind its length (32 bits, the machine's order). */
typedef struct {
    const char *bytes;
    uint32_t length;
} Request;

static Request *requests;
static size_t request_count, longest;

static void read_requests(const char *path) {
    size_t length, at = 0;
    char *file = map_file(path, &length);
    while (at + 4 <= length) {
        Request request = {.bytes = file + at + 4};
        memcpy(&request.length, file + at, 4);
        at += 4 + (size_t)request.length;
        if (!request.length) die("a request is empty");
        if (request_count % 1024 == 0)
            requests = realloc(requests, (request_count + 1024) * sizeof(Request));
        requests[request_count++] = request;
        if (request.length > longest) longest = request.length;
    }
    if (!request_count || at != length) die("the file of requests is empty or cut off");
}

static void put_number(char *bytes, size_t length, long number) {
    char digits[32], *found = bytes;
    snprintf(digits, sizeof digits, "%06ld", number % 1000000);
    while ((found = memmem(found, bytes + length - found, MARK, MARK_LENGTH))) {
        memcpy(found, digits, MARK_LENGTH);
        found += MARK_LENGTH;
    }
}

/* Seconds that something took, of all its kind. */
typedef struct {
    double *seconds;
    size_t count, room;
} Times;

static void add_time(Times *times, double seconds) {
    if (times->count == times->room) {
        times->room = times->room ? 2 * times->room : 65536;
        times->seconds = realloc(times->seconds, times->room * sizeof(double));
        if (!times->seconds) die("realloc");
    }
    times->seconds[times->count++] = seconds;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(Times *times, double share) {
    if (!times->count) return 0;
    qsort(times->seconds, times->count, sizeof(double), compare);
    return 1000 * times->seconds[(size_t)(share * (times->count - 1))];
}

static void print_times(const char *prefix, Times *times) {
    printf("\"%sp50_ms\": %.3f, \"%sp99_ms\": %.3f, \"%smax_ms\": %.3f, ", prefix,
           quantile(times, 0.5), prefix, quantile(times, 0.99), prefix, quantile(times, 1));
}

static void print_codes(const long *codes) {
    const char *comma = "";
    printf("\"codes\": {");
    for (int code = 0; code < MOST_CODES; code++) {
        if (!codes[code]) continue;
        printf("%s\"%d\": %ld", comma, code, codes[code]);
        comma = ", ";
    }
    printf("}}\n");
}
