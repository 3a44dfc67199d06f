/* SPDX-License-Identifier: GPL-3.0-or-later */

/* XML agents: frames of twelve bytes and a payload that is mostly text.
 *
 * The agent leads: START, a command, its dialogues, END. It reads twelve bytes, then exactly the
 * announced payload, each by DMA, so the two must be packets of their own. Of a reply it looks at two
 * letters. It has no time limits: a host that does not answer has a phone that waits for ever. */

#include "xml-model.h"

#include <stdarg.h>
#include <string.h>

#include "xml-private.h"

enum { REPLY_MAX = 64, COMMAND_MAX = 0x80000, STAGE2_MAX = 16 * 1024 * 1024 };

#define PROLOGUE "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define HOST_COMMAND(name) PROLOGUE "<host><version>1.0</version><command>CMD:" name "</command>"

/* ---- sending ---- */

static void send_header(XmlAgent *x, uint32_t size)
{
        uint8_t h[12];
        frame_head(xml_model(x), 1, size, h);
        model_send(xml_model(x), h, sizeof(h));
}

void xml_send(XmlAgent *x, const void *data, size_t size)
{
        send_header(x, (uint32_t)size);
        model_send(xml_model(x), data, size);
}

void xml_send_text(XmlAgent *x, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;
        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                abort();
        va_end(ap);
        xml_send(x, text, strlen(text) + 1);
}

uint32_t xml_packet(const XmlAgent *x)
{
        if (x->level == 1)
                return xml_traits(x)->stage1_packet;
        return x->windows ? 0x200000 : 0x10000;
}

/* ---- receiving ---- */

void xml_want(XmlAgent *x, size_t max, XmlWant next)
{
        x->want = next;
        frame_want(&x->frame, max);
}

void xml_stuck(XmlAgent *x, const char *why)
{
        x->want = NULL;
        model_halt(xml_model(x), why);
}

static void xml_packet_received(Stage *s, const uint8_t *data, size_t size)
{
        XmlAgent *x = (XmlAgent *)s;
        if (!x->want) {
                model_breach(s->model, BREACH_EARLY, "%zu bytes", size);
                return;
        }
        if (size && !x->frame.in_payload && !x->frame.got && !model_collected(s->model))
                model_breach(s->model, BREACH_EARLY, "a message before ours was collected");
        switch (frame_take(&x->frame, s->model, data, size)) {
        case FRAME_MORE:
        case FRAME_EMPTY: return;
        case FRAME_JOINED: xml_stuck(x, "receiver overrun"); return;
        case FRAME_MAGIC: xml_stuck(x, "command loop ended"); return;
        case FRAME_LENGTH: xml_stuck(x, "frame larger than the buffer"); return;
        case FRAME_WHOLE: break;
        }
        XmlWant next = TAKE_PTR(x->want);
        _cleanup_free_ uint8_t *payload = TAKE_PTR(x->frame.payload);
        next(x, payload, x->frame.size);
}

static void reply_received(XmlAgent *x, const uint8_t *data, size_t size)
{
        const char *text = (const char *)data, *at = strchr(text, '@');
        XmlReply next = TAKE_PTR(x->reply);
        if (size > strlen(text) + 1)
                model_breach(xml_model(x), TOLERATED_OK_NULS, "%zu bytes", size);
        if (size == strlen(text))
                model_breach(xml_model(x), BREACH_FRAME, "a reply without its NUL");
        next(x, !strncmp(text, "OK", 2), at ? at + 1 : "");
}

void xml_want_reply(XmlAgent *x, XmlReply next)
{
        x->reply = next;
        xml_want(x, REPLY_MAX, reply_received);
}

/* ---- the loop ---- */

bool xml_argument(const char *command, const char *tag, char *out, size_t size)
{
        char open[80], close[80];
        const char *start, *end;
        *out = 0;
        snprintf(open, sizeof(open), "<%s>", tag);
        snprintf(close, sizeof(close), "</%s>", tag);
        start = strstr(command, open);
        if (!start)
                return false;
        start += strlen(open);
        end = strstr(start, close);
        if (!end || (size_t)(end - start) >= size)
                return false;
        memcpy(out, start, (size_t)(end - start));
        out[end - start] = 0;
        return true;
}

static void command_received(XmlAgent *x, const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        char name[64];
        if (text[size - 1] != 0)
                model_breach(xml_model(x), BREACH_FRAME, "a command without its NUL");
        if (!xml_argument(text, "command", name, sizeof(name)) || strncmp(name, "CMD:", 4) != 0 ||
                !xml_argument(text, "version", x->version, sizeof(x->version))) {
                model_breach(xml_model(x), BREACH_FRAME, "no command: %.60s", text);
                x->name[0] = 0;
        } else
                memcpy(x->name, name + 4, sizeof(name) - 4);
        model_step(xml_model(x), "xml:%s", x->name);
        if (!xml_known(x, x->name)) {
                xml_send_text(x, "ERR!UNSUPPORTED");
                xml_end(x, "ERR!UNSUPPORTED", "Unsupported command.");
                return;
        }
        xml_send_text(x, "OK");
        xml_run(x, text);
}

static void start_answered(XmlAgent *x, bool ok, const char *value)
{
        if (!ok)
                xml_loop(x);
        else
                xml_want(x, COMMAND_MAX, command_received);
}

void xml_loop(XmlAgent *x)
{
        xml_send_text(x, HOST_COMMAND("START") "</host>");
        xml_want_reply(x, start_answered);
}

static void end_answered(XmlAgent *x, bool ok, const char *value)
{
        void (*after)(XmlAgent *) = TAKE_PTR(x->after);
        if (after)
                after(x);
        else
                xml_loop(x);
}

void xml_end(XmlAgent *x, const char *result, const char *format, ...)
{
        char text[512];
        va_list ap;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        /* the hardware set-up hands on what is there; some builds never clear it */
        if (strcmp(x->name, "NOTIFY-INIT-HW") != 0 && !xml_has(x, XML_STALE))
                x->text[0] = 0;
        if (strlen(x->text) + strlen(text) < sizeof(x->text))
                strcat(x->text, text);
        if (strcmp(result, "OK") != 0)
                x->after = NULL;
        if (xml_has(x, XML_NO_END_TAG) && strcmp(result, "ERR") == 0)
                xml_send_text(x,
                        HOST_COMMAND("END") "<arg><result>%s</result><message>%s, "
                                            "response_value=0x1, code=0xC0010001</arg></host>",
                        result, x->text);
        else
                xml_send_text(x,
                        HOST_COMMAND("END") "<arg><result>%s</result><message>%s</message></arg>"
                                            "</host>",
                        result, x->text);
        free(x->content);
        x->content = NULL;
        xml_want_reply(x, end_answered);
}

/* ---- a file for the host ---- */

static void canceled(XmlAgent *x)
{
        model_event(xml_model(x), "canceled by the host");
        xml_end(x, "ERR", "Host notice error or user canceled.");
}

static void next_chunk(XmlAgent *x);

static void chunk_answered(XmlAgent *x, bool ok, const char *value)
{
        if (!ok)
                canceled(x);
        else if (x->done == x->size)
                xml_end(x, "OK", "%s", "");
        else
                next_chunk(x);
}

static void status_answered(XmlAgent *x, bool ok, const char *value)
{
        uint64_t n = MIN(x->size - x->done, (uint64_t)xml_packet(x));
        if (!ok) {
                canceled(x);
                return;
        }
        send_header(x, (uint32_t)n);
        if (x->flash)
                model_send_flash(xml_model(x), x->area, x->offset + x->done, n);
        else
                model_send(xml_model(x), x->content + x->done, n);
        x->done += n;
        x->chunks++;
        xml_want_reply(x, chunk_answered);
}

static void failed_answered(XmlAgent *x, bool ok, const char *value)
{
        xml_end(x, "ERR", "Read data from storage failed.");
}

static void next_chunk(XmlAgent *x)
{
        uint64_t n = MIN(x->size - x->done, (uint64_t)xml_packet(x)), status = 0;
        model_step(xml_model(x), "chunk");
        bool fails = x->flash && model_storage_fault(xml_model(x), x->offset + x->done, n, &status);
        if (model_fault(xml_model(x), FAULT_STATUS, &status) || fails) {
                if (x->chunks < 2 && fails) {
                        /* the reader ran ahead and ended everything already */
                        xml_end(x, "ERR", "Read data from storage failed.");
                        return;
                }
                xml_send_text(x, "ERR");
                xml_want_reply(x, failed_answered);
                return;
        }
        if (x->flash)
                xml_send_text(x, "OK@0x0");
        else
                xml_send_text(x, "OK");
        xml_want_reply(x, status_answered);
}

static void size_answered(XmlAgent *x, bool ok, const char *value)
{
        if (!ok)
                canceled(x);
        else if (x->size == 0)
                xml_end(x, "OK", "%s", "");
        else
                next_chunk(x);
}

static void upload_answered(XmlAgent *x, bool ok, const char *value)
{
        if (!ok)
                canceled(x);
        else {
                if (x->flash && x->size)
                        xml_send_text(x, "OK@0x%016llX", (unsigned long long)x->size);
                else
                        xml_send_text(x, "OK@0x%llx", (unsigned long long)x->size);
                xml_want_reply(x, size_answered);
        }
}

static void start_upload(XmlAgent *x, const char *info, const char *target)
{
        x->done = 0;
        x->chunks = 0;
        xml_send_text(x,
                HOST_COMMAND("UPLOAD-FILE") "<arg><checksum>CHK_NO</checksum><info>%s</info>"
                                            "<target_file>%s</target_file>"
                                            "<packet_length>0x%x</packet_length></arg></host>",
                info, target, xml_packet(x));
        xml_want_reply(x, upload_answered);
}

void xml_upload_text(XmlAgent *x, const char *info, const char *target, char *content)
{
        x->flash = false;
        x->content = content;
        /* some of these files count their NUL */
        x->size = strlen(content) + (strcmp(info, "sys-prop") != 0);
        start_upload(x, info, target);
}

void xml_upload_flash(XmlAgent *x, const char *info, const char *target, FlashArea area,
        uint64_t offset, uint64_t size)
{
        x->flash = true;
        x->area = area;
        x->offset = offset;
        x->size = size;
        start_upload(x, info, target);
}

/* ---- the stages ---- */

static void stage1_enter(Stage *s)
{
        XmlAgent *x = (XmlAgent *)s;
        const uint8_t *agent = model_agent(s->model, &x->n_stage1);
        x->level = 1;
        x->stage1 = malloc(MAX(x->n_stage1, (size_t)1));
        if (!x->stage1)
                abort();
        memcpy(x->stage1, agent, x->n_stage1);
        if (!agent_fits(x->stage1, x->n_stage1, s->chip, &x->ours)) {
                xml_stuck(x, "agent of another chip");
                return;
        }
        model_event(s->model, "stage 1 started");
        model_step(s->model, "stage1");
        xml_loop(x);
}

typedef struct Inherited {
        bool windows;
} Inherited;

static void stage2_enter(Stage *s)
{
        XmlAgent *x = (XmlAgent *)s;
        x->level = 2;
        x->windows = ((const Inherited *)model_scratch(s->model))->windows;
        x->locked = s->config->sla;
        model_event(s->model, "stage 2 started");
        model_step(s->model, "stage2");
        xml_loop(x);
}

static void xml_leave(Stage *s)
{
        XmlAgent *x = (XmlAgent *)s;
        free(x->stage1);
        free(x->frame.payload);
        free(x->content);
}

const StageOps xml_stage1 = {
        .name = "xml stage 1",
        .size = sizeof(XmlAgent),
        .enter = stage1_enter,
        .packet = xml_packet_received,
        .leave = xml_leave,
};

const StageOps xml_stage2 = {
        .name = "xml stage 2",
        .size = sizeof(XmlAgent),
        .enter = stage2_enter,
        .packet = xml_packet_received,
        .leave = xml_leave,
};
