/* Block1 (RFC 7959) on libcoap's messages.
 *
 * With COAP_BLOCK_USE_LIBCOAP libcoap would cut the body by itself. But then a body always begins
 * with block 0 and the Request-Tag counts from 1 in each session, so that nothing can go on from
 * another port or after a restart. So libcoap repeats and matches messages here, and the blocks
 * are driven by this file. */

#include "upload.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "cbor.h"

enum { CONTINUE = 0x5f, INCOMPLETE = 0x88, TOO_LARGE = 0x8d, TOO_MANY = 0x9d, UNAVAILABLE = 0xa3 };
/* A block of 1 KiB and its options; libcoap's own limit is 1152 bytes. */
enum { DATAGRAM = 1400 };

/* What is known of the answer to the message under way; `done` also when there will be none. */
struct answer {
    uint8_t token[8];
    size_t token_size;
    bool done;
    int code;
    unsigned exponent;
    size_t next;
    double wait;
};

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid) {
    struct answer *answer = coap_session_get_app_data(session);
    coap_bin_const_t token = coap_pdu_get_token(received);
    coap_opt_iterator_t iterator;
    coap_opt_t *option;
    coap_block_t block;
    const uint8_t *payload;
    size_t size;
    unsigned format = 0;
    (void)sent;
    (void)mid;
    if (token.length != answer->token_size || memcmp(token.s, answer->token, token.length) != 0)
        return COAP_RESPONSE_OK;
    answer->done = true;
    answer->code = (int)coap_pdu_get_code(received);
    if (coap_get_block(received, COAP_OPTION_BLOCK1, &block))
        answer->exponent = block.szx;
    option = coap_check_option(received, COAP_OPTION_MAXAGE, &iterator);
    if (option)
        answer->wait = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
    option = coap_check_option(received, COAP_OPTION_CONTENT_FORMAT, &iterator);
    if (option)
        format = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
    if (format == COAP_MEDIATYPE_APPLICATION_CBOR && coap_get_data(received, &size, &payload))
        answer->next = cbor_next(payload, size);
    return COAP_RESPONSE_OK;
}

static void on_failure(coap_session_t *session, const coap_pdu_t *sent,
                       const coap_nack_reason_t reason, const coap_mid_t mid) {
    struct answer *answer = coap_session_get_app_data(session);
    (void)sent;
    (void)reason;
    (void)mid;
    answer->done = true;
}

static void sleep_for(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* A session, and with it a port, of its own: a NAT may have forgotten the former one. */
static coap_session_t *open_session(coap_context_t *context, const coap_address_t *server,
                                    const struct patience *patience, struct answer *answer) {
    coap_session_t *session = coap_new_client_session(context, NULL, server, COAP_PROTO_UDP);
    if (!session)
        return NULL;
    uint16_t whole = (uint16_t)patience->ack_timeout;
    uint16_t thousandths = (uint16_t)((patience->ack_timeout - whole) * 1000);
    coap_session_set_ack_timeout(session, (coap_fixed_point_t){whole, thousandths});
    coap_session_set_max_retransmit(session, patience->max_retransmit);
    coap_session_set_mtu(session, DATAGRAM);
    coap_session_set_app_data(session, answer);
    return session;
}

static void add_number(coap_pdu_t *pdu, coap_option_num_t option, size_t number) {
    uint8_t bytes[4];
    size_t size = coap_encode_var_safe(bytes, sizeof bytes, (unsigned)number);
    coap_add_option(pdu, option, size, bytes);
}

static void add_text(coap_pdu_t *pdu, coap_option_num_t option, const char *text) {
    coap_add_option(pdu, option, strlen(text), (const uint8_t *)text);
}

/* Put the bytes from `offset` to `end` into the message, from the parts that they lie in. */
static bool add_payload(coap_pdu_t *pdu, const struct upload *upload, size_t end) {
    size_t start = upload->offset;
    uint8_t *to = coap_add_data_after(pdu, end - start);
    if (!to)
        return false;
    for (int i = 0; i < 2; i++) {
        const struct part *part = &upload->parts[i];
        size_t from = start < part->size ? start : part->size;
        size_t until = end < part->size ? end : part->size;
        if (until > from)
            memcpy(to, part->data + from, until - from);
        to += until - from;
        start -= from;
        end -= until;
    }
    return true;
}

/* The request that carries the block at `offset`. */
static coap_pdu_t *make_block(coap_session_t *session, const struct upload *upload,
                              struct answer *answer) {
    size_t step = (size_t)16 << upload->exponent;
    bool more = upload->offset + step < upload->size;
    size_t end = more ? upload->offset + step : upload->size;
    coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_POST, session);
    if (!pdu)
        return NULL;
    coap_session_new_token(session, &answer->token_size, answer->token);
    coap_add_token(pdu, answer->token_size, answer->token);
    add_text(pdu, COAP_OPTION_URI_PATH, "collections");
    add_text(pdu, COAP_OPTION_URI_PATH, "images");
    add_number(pdu, COAP_OPTION_CONTENT_FORMAT, upload->content_format);
    for (int i = 0; i < 3 && upload->query[i]; i++)
        add_text(pdu, COAP_OPTION_URI_QUERY, upload->query[i]);
    add_number(pdu, COAP_OPTION_BLOCK1,
               upload->offset / step << 4 | (size_t)more << 3 | upload->exponent);
    if (upload->offset == 0)
        add_number(pdu, COAP_OPTION_SIZE1, upload->size);
    coap_add_option(pdu, COAP_OPTION_RTAG, sizeof upload->tag, upload->tag);
    if (!add_payload(pdu, upload, end)) {
        coap_delete_pdu(pdu);
        return NULL;
    }
    return pdu;
}

/* Send the next block and wait until it is answered or given up. */
static void ask(coap_session_t *session, const struct upload *upload,
                const struct patience *patience, struct answer *answer) {
    *answer = (struct answer){.exponent = upload->exponent, .wait = -1};
    /* There is no session where there is no network. */
    coap_pdu_t *pdu = session ? make_block(session, upload, answer) : NULL;
    if (!pdu || coap_send(session, pdu) == COAP_INVALID_MID)
        return;
    /* An acknowledged request whose response is lost is given up after MAX_TRANSMIT_WAIT. */
    coap_tick_t now, deadline;
    coap_ticks(&deadline);
    deadline += (coap_tick_t)(patience->ack_timeout * ((2 << patience->max_retransmit) - 1) * 1.5 *
                              COAP_TICKS_PER_SECOND);
    do {
        coap_io_process(coap_session_get_context(session), 100);
        coap_ticks(&now);
    } while (!answer->done && now < deadline);
}

/* Go where the answer says; false where there is no next block. */
static bool follow(struct upload *upload, const struct answer *answer) {
    size_t step = (size_t)16 << upload->exponent;
    bool smaller = answer->exponent < upload->exponent;
    if (answer->code == CONTINUE)
        upload->offset += step;
    else if (answer->code == INCOMPLETE)
        upload->offset = answer->next * step;
    else if (answer->code == TOO_LARGE && smaller)
        upload->offset = 0;
    else
        return false;
    if (smaller)
        upload->exponent = answer->exponent;
    return upload->offset < upload->size;
}

int upload_send(struct upload *upload, coap_context_t *context, const coap_address_t *server,
                const struct patience *patience) {
    struct answer answer = {0};
    coap_register_response_handler(context, on_response);
    coap_register_nack_handler(context, on_failure);
    coap_session_t *session = open_session(context, server, patience, &answer);
    for (int setbacks = 0; setbacks <= patience->setbacks;) {
        ask(session, upload, patience, &answer);
        setbacks += answer.code != CONTINUE;
        if (follow(upload, &answer))
            continue;
        if (answer.code && answer.code != TOO_MANY && answer.code != UNAVAILABLE)
            break;
        sleep_for(answer.wait < 0 ? patience->pause : answer.wait);
        coap_session_release(session);
        session = open_session(context, server, patience, &answer);
    }
    coap_session_release(session);
    coap_register_response_handler(context, NULL);
    coap_register_nack_handler(context, NULL);
    return answer.code;
}
