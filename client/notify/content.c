/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/notify/content.h"
#include "client/redact.h"
#include "format/utf8.h"

static const char *const button_names[] = {
        [BUTTON_APPROVE] = "approve",
        [BUTTON_REFUSE] = "refuse",
        [BUTTON_RETRY] = "retry",
        [BUTTON_CANCEL] = "cancel",
        [BUTTON_SHOW] = "show",
};
DEFINE_TABLE(button, Button, button_names)

const char *button_label(Button b)
{
        static const char *const labels[] = {
                [BUTTON_APPROVE] = "Back up",
                [BUTTON_REFUSE] = "Not this phone",
                [BUTTON_RETRY] = "Try again",
                [BUTTON_CANCEL] = "Cancel",
                [BUTTON_SHOW] = "Details",
        };
        return table_name(labels, ELEMENTS(labels), (int)b);
}

bool content_equal(const Content *a, const Content *b)
{
        return strcmp(a->summary, b->summary) == 0 && strcmp(a->body, b->body) == 0 &&
                strcmp(a->reason, b->reason) == 0 && strcmp(a->icon, b->icon) == 0 &&
                strcmp(a->category, b->category) == 0 && a->urgency == b->urgency &&
                a->percent == b->percent && a->buttons == b->buttons && a->stays == b->stays &&
                a->final == b->final;
}

/* ---- text from elsewhere ---- */

/* Bytes of the character at p that must not be shown: what turns the direction of text or has no
 * width can make one text look like another. 0 for all others. */
static size_t invisible_length(const char *p)
{
        static const char *const characters[] = {
                "\u200b",
                "\u200c",
                "\u200d",
                "\u200e",
                "\u200f", /* no width, marks */
                "\u202a",
                "\u202b",
                "\u202c",
                "\u202d",
                "\u202e", /* embeddings, overrides */
                "\u2066",
                "\u2067",
                "\u2068",
                "\u2069", /* isolates */
                "\u061c",
                "\ufeff",
        };
        for (size_t i = 0; i < ELEMENTS(characters); i++)
                if (strncmp(p, characters[i], strlen(characters[i])) == 0)
                        return strlen(characters[i]);
        return 0;
}

static bool is_control(const char *p)
{
        unsigned char c = (unsigned char)*p;
        /* UTF-8 carries the C1 controls as C2 80 to C2 9F */
        return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)p[1] < 0xa0);
}

void content_clean(const char *text, char *out, size_t size)
{
        static const char more[] = "…";
        _cleanup_free_ char *redacted = redact_text(text);
        const char *p = redacted ?: "";
        size_t used = 0, whole = 0; /* whole: up to here "…" still fits */

        while (*p) {
                size_t skip = invisible_length(p), n = utf8_length(p, strlen(p));
                const char *c = n == 0 ? "?" : is_control(p) ? " " : p;
                size_t length = c == p ? n : 1;
                if (skip) {
                        p += skip;
                        continue;
                }
                if (used + length >= size) {
                        memcpy(out + whole, more, MIN(sizeof(more), size - whole));
                        out[size - 1] = 0;
                        return;
                }
                memcpy(out + used, c, length);
                used += length;
                if (used + sizeof(more) <= size)
                        whole = used;
                p += n ? n : 1;
        }
        out[used] = 0;
}

void content_add(Content *c, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        size_t used = strlen(c->body);
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0)
                text = NULL;
        utf8_copy(c->body + used, sizeof(c->body) - used, text ?: "");
}

void content_add_line(Content *c, const char *text)
{
        if (*text)
                content_add(c, "%s%s", *c->body ? "\n" : "", text);
}

void content_of_damage(const char *text, Content *ret)
{
        Content c = {
                .summary = "The store of backups is damaged",
                .icon = "dialog-error",
                .category = "device.error",
                .urgency = URGENCY_CRITICAL,
                .percent = -1,
                .stays = true,
                .final = true,
        };
        content_clean(text, c.body, CONTENT_NOTE_MAX);
        snprintf(c.reason, sizeof(c.reason), "%.*s", (int)sizeof(c.reason) - 1, c.body);
        content_add_line(&c,
                "Check the disk. “mtkbackupctl backups” lists which backups are whole; back up "
                "the phones of the others again.");
        *ret = c;
}

void content_without_buttons(Content *c, uint32_t job)
{
        if (c->buttons & 1u << BUTTON_APPROVE)
                content_add(c,
                        "\nTo agree: mtkbackupctl auto approve %u. If not: mtkbackupctl cancel %u",
                        job, job);
        c->buttons = 0;
}
