#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

/* The SHA-256 digest (FIPS 180-4) of the bytes. */
void sha256(const uint8_t *data, size_t size, uint8_t digest[32]);

#endif
