#ifndef UPLOAD_H
#define UPLOAD_H

#include <coap3/coap.h>

/* A piece of a body, where it lies; it is not copied. */
struct part {
    const uint8_t *data;
    size_t size;
};

/* A body on its way to /collections/images: the head and the frame buffer, the options of each
 * request, and the place (bytes) that comes next. */
struct upload {
    struct part parts[2];
    size_t size, offset;
    unsigned exponent;
    unsigned content_format;
    const char *query[3];
    uint8_t tag[8];
};

/* How patient the sender is: `ack_timeout` (seconds) and `max_retransmit` for each message (RFC
 * 7252 section 4.8), the seconds before a block that stayed unanswered is sent again, and how
 * often an upload may be set back. */
struct patience {
    double ack_timeout;
    uint16_t max_retransmit;
    double pause;
    int setbacks;
};

/* The code of the answer to the whole body, such as 0x41 for 2.01; 0 where none came. */
int upload_send(struct upload *upload, coap_context_t *context, const coap_address_t *server,
                const struct patience *patience);

#endif
