/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xml-link.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/log.h"
#include "protocol/fault.h"

static const char reading[] = "data was read";
static const char sending[] = "a file was sent";

enum { MAGIC = 0xfeeeeeef, TYPE_FLOW = 1, TYPE_LOG = 2, HEAD_SIZE = 12, SEND_MS = 30000 };

int xml_link_init(XmlLink *link, Transport *t)
{
        *link = (XmlLink){ .transport = t };
        link->text = malloc(XML_TEXT_MAX + 1);
        return link->text ? 0 : -ENOMEM;
}

void xml_link_done(XmlLink *link)
{
        free(link->text);
        *link = (XmlLink){};
}

/* ---- frames ---- */

/* Header and payload are two transfers: a device reads twelve bytes, then the rest. */
static int send_frame(XmlLink *link, const void *data, size_t size, Failure *f)
{
        uint8_t head[HEAD_SIZE];
        const struct iovec pieces[] = { { head, sizeof head }, { (void *)(uintptr_t)data, size } };
        int r;

        put_le32(head, MAGIC);
        put_le32(head + 4, TYPE_FLOW);
        put_le32(head + 8, (uint32_t)size);
        r = transport_write_pieces(link->transport, pieces, ELEMENTS(pieces), SEND_MS);
        return r < 0 ? fault_link(f, r, "a message was sent") : 0;
}

static int send_text(XmlLink *link, const char *text, Failure *f)
{
        return send_frame(link, text, strlen(text) + 1, f);
}

static int drop(XmlLink *link, size_t size, Failure *f)
{
        while (size > 0) {
                struct iovec have;
                size_t n;
                int r = transport_fill(link->transport, XML_ANSWER_MS);

                if (r < 0)
                        return fault_link(f, r, "its log was read");
                have = transport_peek(link->transport);
                n = MIN(have.iov_len, size);
                transport_consume(link->transport, n);
                size -= n;
        }
        return 0;
}

/* The payload length of the next frame that is no log text. */
static int receive_head(
        XmlLink *link, uint32_t *ret_size, unsigned ms, const char *what, Failure *f)
{
        for (unsigned logs = 0; logs < XML_LOGS_MAX; logs++) {
                uint8_t head[HEAD_SIZE];
                uint32_t type;
                int r = transport_read(link->transport, head, sizeof head, ms);

                if (r < 0)
                        return fault_link(f, r, what);
                type = get_le32(head + 4);
                *ret_size = get_le32(head + 8);
                if (get_le32(head) != MAGIC || (type != TYPE_FLOW && type != TYPE_LOG) ||
                        *ret_size > XML_PACKET_MAX)
                        return fault_protocol(f,
                                "The phone sent a packet head that is none (%08x %u %u) while %s.",
                                get_le32(head), type, *ret_size, what);
                if (type == TYPE_FLOW)
                        return 0;
                r = drop(link, *ret_size, f);
                if (r < 0)
                        return r;
        }
        return fault_protocol(f, "The phone sends nothing but log text.");
}

/* ---- messages ---- */

static XmlText message(const XmlLink *link)
{
        return xml_text(link->text, link->size);
}

static int receive_text(XmlLink *link, unsigned ms, const char *what, Failure *f)
{
        uint32_t size;
        int r = receive_head(link, &size, ms, what, f);

        if (r < 0)
                return r;
        if (size == 0 || size > XML_TEXT_MAX)
                return fault_protocol(
                        f, "The phone sent a message of %u bytes while %s.", size, what);
        r = transport_read(link->transport, link->text, size, ms);
        if (r < 0)
                return fault_link(f, r, what);
        while (size > 0 && link->text[size - 1] == 0)
                size--;
        link->text[size] = 0;
        link->size = size;
        return 0;
}

static int unexpected(const XmlLink *link, const char *what, Failure *f)
{
        return fault_protocol(f, "The phone sent \"%.120s\" while %s.", link->text, what);
}

/* A status in a dialogue. 0 OK, 1 not OK, 2 END came instead (it is the current message). */
static int receive_status(XmlLink *link, unsigned ms, const char *what, Failure *f)
{
        int r = receive_text(link, ms, what, f);

        if (r < 0)
                return r;
        switch (xml_kind(message(link))) {
        case XML_STATUS: return xml_status_ok(message(link)) ? 0 : 1;
        case XML_END: return 2;
        default: return unexpected(link, what, f);
        }
}

int xml_wait_start(XmlLink *link, unsigned ms, Failure *f)
{
        int r = receive_text(link, ms, "its command loop was starting", f);

        if (r < 0)
                return r;
        if (xml_kind(message(link)) != XML_START)
                return unexpected(link, "its command loop was starting", f);
        return send_text(link, "OK", f);
}

static void keep_result(XmlLink *link)
{
        xml_value(message(link), "result", link->result);
        xml_value(message(link), "message", link->message);
}

/* ---- the phone sends a file ---- */

/* What is left of a dialogue that ends before its file is complete. */
typedef enum Dialogue { DIALOGUE_DONE, DIALOGUE_ENDED } Dialogue;

typedef struct Incoming {
        unsigned files;
        uint64_t packet, done;
        int sink; /* what the sink returned */
} Incoming;

/* A chunk goes to the sink as it comes. One that the sink no longer wants is received all the same. */
static int receive_chunk(
        XmlLink *link, const XmlCommand *c, uint64_t rest, Incoming *in, uint64_t *ret, Failure *f)
{
        uint32_t size;
        int r = receive_head(link, &size, XML_DATA_MS, reading, f);

        if (r < 0)
                return r;
        if (size == 0 || size > rest || size > in->packet)
                return fault_protocol(f,
                        "The phone sent a piece of %u bytes where at most %llu belong.", size,
                        (unsigned long long)MIN(rest, in->packet));
        *ret = size;
        transport_expect(link->transport, size);
        while (size > 0) {
                struct iovec have;
                size_t n;

                r = transport_fill(link->transport, XML_DATA_MS);
                if (r < 0)
                        return fault_link(f, r, reading);
                have = transport_peek(link->transport);
                n = MIN(have.iov_len, (size_t)size);
                if (in->sink >= 0)
                        in->sink = c->sink(c->userdata, have.iov_base, n);
                transport_consume(link->transport, n);
                size -= (uint32_t)n;
        }
        return 0;
}

static int receive_file(XmlLink *link, const XmlCommand *c, Incoming *in, Failure *f)
{
        uint64_t total = 0, n = 0;
        bool refuse;
        int r;

        if (xml_number(message(link), "packet_length", &in->packet) < 0 || in->packet == 0 ||
                in->packet > XML_PACKET_MAX)
                return fault_protocol(
                        f, "The phone announces a file without a sensible packet length.");
        if (in->files++ > 0)
                return fault_protocol(f, "The phone sends more than one file for %s.", c->name);
        r = send_text(link, c->sink ? "OK" : "ERR", f);
        if (r < 0 || !c->sink)
                return r;
        r = receive_status(link, XML_DATA_MS, reading, f);
        if (r == 1)
                return send_text(link, "OK", f);
        if (r != 0)
                return r < 0 ? r : DIALOGUE_ENDED;
        if (xml_status_number(message(link), &total) < 0)
                return unexpected(link, reading, f);
        refuse = c->expect != UINT64_MAX && total != c->expect;
        if (refuse)
                in->sink = failure_set(f, -EREMOTEIO, ERROR_PROTOCOL_VIOLATION,
                        "The phone would send %llu bytes instead of %llu.",
                        (unsigned long long)total, (unsigned long long)c->expect);
        r = send_text(link, refuse ? "ERR" : "OK", f);
        for (; r >= 0 && !refuse && in->done < total; in->done += n) {
                r = receive_status(link, XML_DATA_MS, reading, f);
                if (r < 0 || r == 2)
                        return r < 0 ? r : DIALOGUE_ENDED;
                if (r == 1) /* the storage failed: one more answer is wanted, then END comes */
                        return send_text(link, "OK", f);
                r = send_text(link, "OK", f);
                if (r >= 0)
                        r = receive_chunk(link, c, total - in->done, in, &n, f);
                if (r < 0)
                        return r;
                r = send_text(link, in->sink < 0 ? "ERR" : "OK", f);
                if (in->sink < 0)
                        return r;
        }
        return r;
}

/* ---- the phone wants a file ---- */

static int send_number(XmlLink *link, uint64_t number, Failure *f)
{
        char text[32];

        snprintf(text, sizeof text, "OK@0x%llx", (unsigned long long)number);
        return send_text(link, text, f);
}

static uint16_t sum16(const uint8_t *data, size_t size)
{
        uint16_t sum = 0;

        for (size_t i = 0; i < size; i++)
                sum = (uint16_t)(sum + data[i]);
        return sum;
}

/* After a refusal of this dialogue the phone reads no further answer; END comes. */
static int send_file(XmlLink *link, const XmlCommand *c, Failure *f)
{
        char checksum[XML_VALUE_MAX];
        bool sums =
                xml_value(message(link), "checksum", checksum) && strcmp(checksum, "CHK_ADD") == 0;
        uint64_t packet;
        size_t n;
        int r;

        if (xml_number(message(link), "packet_length", &packet) < 0 || packet == 0 ||
                packet > XML_PACKET_MAX)
                return fault_protocol(
                        f, "The phone asks for a file without a sensible packet length.");
        r = send_text(link, c->upload ? "OK" : "ERR", f);
        if (r < 0 || !c->upload)
                return r;
        r = send_number(link, c->upload_size, f);
        if (r >= 0)
                r = receive_status(link, XML_ANSWER_MS, sending, f);
        for (size_t done = 0; r == 0 && done < c->upload_size; done += n) {
                n = MIN(c->upload_size - done, (size_t)packet);
                r = send_number(link, sums ? sum16(c->upload + done, n) : 0, f);
                if (r == 0)
                        r = receive_status(link, XML_ANSWER_MS, sending, f);
                if (r == 0)
                        r = send_frame(link, c->upload + done, n, f);
                if (r == 0)
                        r = receive_status(link, XML_DATA_MS, sending, f);
        }
        if (r < 0)
                return r;
        return r == 2 ? DIALOGUE_ENDED : DIALOGUE_DONE;
}

/* ---- smaller dialogues ---- */

static int follow_progress(XmlLink *link, const XmlCommand *c, Failure *f)
{
        int r = send_text(link, "OK", f);

        for (unsigned i = 0; r >= 0 && i < XML_PROGRESS_MAX; i++) {
                r = receive_status(link, c->answer_ms ?: XML_INIT_MS, c->name, f);
                if (r < 0 || r == 2)
                        return r < 0 ? r : DIALOGUE_ENDED;
                if (r == 1 || strcmp(link->text, "OK!EOT") == 0)
                        return send_text(link, "OK", f);
                r = send_text(link, "OK", f);
        }
        return r < 0 ? r : fault_protocol(f, "The phone's progress report does not end.");
}

/* Nothing of ours is on offer: no file exists, none has a size. */
static int answer_file_system(XmlLink *link, Failure *f)
{
        char key[XML_VALUE_MAX];
        int r;

        xml_value(message(link), "key", key);
        r = send_text(link, "OK", f);
        if (r < 0)
                return r;
        if (strcmp(key, "EXISTS") == 0)
                return send_text(link, "OK@NOT-EXISTS", f);
        if (strcmp(key, "FILE-SIZE") == 0)
                return send_text(link, "OK@0", f);
        return send_text(link, "OK", f);
}

static int dialogue(XmlLink *link, const XmlCommand *c, Incoming *in, Failure *f)
{
        switch (xml_kind(message(link))) {
        case XML_UPLOAD: return receive_file(link, c, in, f);
        case XML_DOWNLOAD: return send_file(link, c, f);
        case XML_PROGRESS: return follow_progress(link, c, f);
        case XML_FILE_SYSTEM: return answer_file_system(link, f);
        case XML_UNKNOWN: return send_text(link, "ERR", f);
        default: return unexpected(link, c->name, f);
        }
}

/* ---- commands ---- */

static int send_command(XmlLink *link, const XmlCommand *c, Failure *f)
{
        char text[2048];
        int n = snprintf(text, sizeof text,
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><da><version>%s</version>"
                "<command>CMD:%s</command>%s%s%s%s%s%s</da>",
                c->version ?: "1.0", c->name, c->arguments ? "<arg>" : "", c->arguments ?: "",
                c->arguments ? "</arg>" : "", c->advanced ? "<adv>" : "", c->advanced ?: "",
                c->advanced ? "</adv>" : "");

        if (n < 0 || (size_t)n >= sizeof text)
                return failure_set(f, -E2BIG, ERROR_FAILED, "Command %s is too long.", c->name);
        return send_text(link, text, f);
}

/* Dialogues until END is the current message. */
static int converse(XmlLink *link, const XmlCommand *c, Incoming *in, Failure *f)
{
        for (unsigned i = 0; i < XML_DIALOGUES_MAX; i++) {
                int r = receive_text(link, c->answer_ms ?: XML_ANSWER_MS, c->name, f);

                if (r < 0)
                        return r;
                if (xml_kind(message(link)) == XML_END)
                        return 0;
                r = dialogue(link, c, in, f);
                if (r < 0 || r == DIALOGUE_ENDED)
                        return MIN(r, 0);
        }
        return fault_protocol(f, "The phone does not come to an end with %s.", c->name);
}

int xml_command(XmlLink *link, const XmlCommand *c, Failure *f)
{
        Incoming in = {};
        bool known;
        int r;

        r = send_command(link, c, f);
        if (r >= 0)
                r = receive_status(link, XML_ANSWER_MS, c->name, f);
        if (r < 0)
                return r;
        known = r == 0;
        if (r != 2) {
                r = converse(link, c, &in, f);
                if (r < 0)
                        return r;
        }
        keep_result(link);
        r = send_text(link, "OK", f);
        if (r >= 0 && !c->last)
                r = xml_wait_start(link, XML_START_MS, f);
        if (r < 0)
                return r;
        log_debug("%s: %s %s", c->name, link->result, link->message);
        if (in.sink < 0)
                return in.sink;
        if (!known || strncmp(link->result, "ERR!UNSUPPORTED", 15) == 0)
                return XML_RESULT_UNSUPPORTED;
        if (strcmp(link->result, "OK") != 0)
                return XML_RESULT_ERR;
        if (c->sink && c->expect != UINT64_MAX && in.done != c->expect)
                return fault_protocol(f, "The phone says OK after %llu of %llu bytes.",
                        (unsigned long long)in.done, (unsigned long long)c->expect);
        return XML_RESULT_OK;
}

int xml_refused(const XmlLink *link, const char *what, Failure *f)
{
        static const char *const locks[] = { "not authenticated", "is not allowed",
                "Security deny" };

        for (size_t i = 0; i < ELEMENTS(locks); i++) {
                if (!strcasestr(link->message, locks[i]))
                        continue;
                failure_set(f, -EREMOTEIO, ERROR_AUTH_REQUIRED,
                        "The download agent wants the maker's authorisation for %s (\"%s\").", what,
                        link->message);
                failure_hint(f, "A backup without the maker's own tool is not possible.");
                return -EREMOTEIO;
        }
        return failure_set(f, -EREMOTEIO, ERROR_DEVICE_REFUSED,
                "The download agent refused %s (\"%s\").", what, link->message);
}
