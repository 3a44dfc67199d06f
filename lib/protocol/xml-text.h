/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Values out of the text a phone sends (doc/xml.md 2).
 *
 * The agents print their messages, they do not build documents: texts are not escaped, and newer
 * builds forget end tags. So this looks for "<tag>" and takes what stands before the matching end
 * tag, or before the next end tag, or before the end. It never allocates, never recurses and reads
 * every byte a bounded number of times. */

#include "basic/cleanup.h"

enum { XML_VALUE_MAX = 256, XML_TEXT_MAX = 128 * 1024 };

/* A piece of a message; not terminated. */
typedef struct XmlText {
        const char *data;
        size_t size;
} XmlText;

static inline XmlText xml_text(const void *data, size_t size)
{
        return (XmlText){ .data = data, .size = size };
}

/* The content of the first element of this name behind *at; *at moves behind its start tag, so that
 * the next call finds the next one. at may be NULL. */
bool xml_find(XmlText text, const char *tag, size_t *at, XmlText *ret);
/* Copies it, cut to XML_VALUE_MAX - 1 bytes, control characters as blanks, blanks at the ends gone.
 * False (and "") when there is none. */
bool xml_value(XmlText text, const char *tag, char out[static XML_VALUE_MAX]);
/* 0x… or decimal; the whole value must be the number. 0, -ENOENT, -EBADMSG. */
int xml_number(XmlText text, const char *tag, uint64_t *ret);
/* Bytes of a hexadecimal value, at most max: their count, -ENOENT or -EBADMSG. */
ssize_t xml_hex(XmlText text, const char *tag, uint8_t *out, size_t max);
/* The number of a text: 0 or -EBADMSG. */
int xml_parse_number(const char *text, uint64_t *ret);

/* What a message from the phone is. */
typedef enum XmlKind {
        XML_START,
        XML_END,
        XML_UPLOAD,   /* it sends a file */
        XML_DOWNLOAD, /* it wants a file */
        XML_PROGRESS,
        XML_FILE_SYSTEM, /* it asks about a file of ours */
        XML_UNKNOWN,     /* some other command */
        XML_STATUS,      /* short: OK, OK@…, OK!…, ERR, ERR!… */
        XML_GARBAGE,
        _XML_KIND_MAX
} XmlKind;
const char *xml_kind_to_string(XmlKind kind); /* "CMD:START" … */

XmlKind xml_kind(XmlText text);
/* A short status: is it OK, and the number behind "OK@" (0 and *ret, -ENOENT, -EBADMSG). */
bool xml_status_ok(XmlText text);
int xml_status_number(XmlText text, uint64_t *ret);
