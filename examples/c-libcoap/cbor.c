#include "cbor.h"

#include <stdbool.h>
#include <string.h>

enum { UNSIGNED = 0, BYTES = 2, TEXT = 3, MAP = 5, TAG = 6 };

struct reader {
    const uint8_t *at, *end;
};

/* What begins an item (RFC 8949 section 3), in five bytes where it could take fewer. */
static uint8_t *put(uint8_t *out, unsigned major, uint32_t value) {
    if (value < 24) {
        *out++ = (uint8_t)(major << 5 | value);
        return out;
    }
    *out++ = (uint8_t)(major << 5 | 26);
    for (int shift = 24; shift >= 0; shift -= 8)
        *out++ = (uint8_t)(value >> shift);
    return out;
}

size_t cbor_head(uint8_t *out, const char *device, uint32_t timestamp, size_t bytes) {
    uint8_t *at = put(out, MAP, 3);
    at = put(at, UNSIGNED, 1);
    at = put(at, TEXT, (uint32_t)strlen(device));
    memcpy(at, device, strlen(device));
    at = put(at + strlen(device), UNSIGNED, 2);
    at = put(at, UNSIGNED, timestamp);
    at = put(at, UNSIGNED, 3);
    return (size_t)(put(at, BYTES, (uint32_t)bytes) - out);
}

/* Read what begins an item; false where the data end or are of no use here. */
static bool get(struct reader *in, unsigned *major, uint64_t *value) {
    if (in->at == in->end)
        return false;
    *major = *in->at >> 5;
    *value = *in->at++ & 31;
    if (*value < 24)
        return true;
    if (*value > 27 || in->end - in->at < 1 << (*value - 24))
        return false;
    int width = 1 << (*value - 24);
    *value = 0;
    while (width--)
        *value = *value << 8 | *in->at++;
    return true;
}

/* Step over the bytes of a text or byte string; other items have none. */
static bool step_over(struct reader *in, unsigned major, uint64_t size) {
    if (major != BYTES && major != TEXT)
        return major != MAP;
    if (size > (uint64_t)(in->end - in->at))
        return false;
    in->at += size;
    return true;
}

size_t cbor_next(const uint8_t *data, size_t size) {
    struct reader in = {data, data + size};
    unsigned major;
    uint64_t pairs, value;
    if (!get(&in, &major, &pairs) || major != MAP)
        return 0;
    while (pairs--) {
        if (!get(&in, &major, &value))
            return 0;
        const uint8_t *key = in.at;
        if (!step_over(&in, major, value))
            return 0;
        bool found = major == TEXT && value == 4 && memcmp(key, "next", 4) == 0;
        do {
            if (!get(&in, &major, &value))
                return 0;
        } while (major == TAG);
        if (found)
            return major == UNSIGNED ? (size_t)value : 0;
        if (!step_over(&in, major, value))
            return 0;
    }
    return 0;
}
