#ifndef CBOR_H
#define CBOR_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that cbor_head writes for a device of 240 bytes. */
enum { CBOR_HEAD_SIZE = 300 };

/* Write a CBOR map {1: device, 2: timestamp, 3: bytes} up to the bytes; how many were written. */
size_t cbor_head(uint8_t *out, const char *device, uint32_t timestamp, size_t bytes);

/* The number under the key "next" in a CBOR map; 0 where there is none. */
size_t cbor_next(const uint8_t *data, size_t size);

#endif
