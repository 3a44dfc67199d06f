/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/xml-text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/table.h"

static const char *const kind_names[_XML_KIND_MAX] = {
        [XML_START] = "CMD:START",
        [XML_END] = "CMD:END",
        [XML_UPLOAD] = "CMD:UPLOAD-FILE",
        [XML_DOWNLOAD] = "CMD:DOWNLOAD-FILE",
        [XML_PROGRESS] = "CMD:PROGRESS-REPORT",
        [XML_FILE_SYSTEM] = "CMD:FILE-SYS-OPERATION",
        [XML_UNKNOWN] = "unknown command",
        [XML_STATUS] = "status",
        [XML_GARBAGE] = "garbage",
};

const char *xml_kind_to_string(XmlKind kind)
{
        return table_name(kind_names, ELEMENTS(kind_names), (int)kind);
}

static const char *find(const char *data, size_t size, const char *what)
{
        return size ? memmem(data, size, what, strlen(what)) : NULL;
}

/* Behind "<tag>" or "<tag attributes>", or NULL. */
static const char *start_tag(const char *p, const char *end, const char *tag)
{
        size_t n = strlen(tag);

        while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
                p++;
                if ((size_t)(end - p) <= n || memcmp(p, tag, n) != 0)
                        continue;
                if (p[n] == '>')
                        return p + n + 1;
                if (p[n] == ' ') {
                        p = memchr(p, '>', (size_t)(end - p));
                        return p ? p + 1 : NULL;
                }
        }
        return NULL;
}

bool xml_find(XmlText text, const char *tag, size_t *at, XmlText *ret)
{
        const char *end = text.data + text.size, *start, *stop;
        char close[64];

        if (at && *at > text.size)
                return false;
        start = start_tag(text.data + (at ? *at : 0), end, tag);
        if (!start)
                return false;
        if (at)
                *at = (size_t)(start - text.data);
        snprintf(close, sizeof close, "</%s>", tag);
        stop = find(start, (size_t)(end - start), close);
        if (!stop)
                stop = find(start, (size_t)(end - start), "</");
        *ret = xml_text(start, (size_t)((stop ?: end) - start));
        return true;
}

bool xml_value(XmlText text, const char *tag, char out[static XML_VALUE_MAX])
{
        XmlText value;
        size_t n;

        out[0] = 0;
        if (!xml_find(text, tag, NULL, &value))
                return false;
        while (value.size > 0 && isspace((unsigned char)value.data[0])) {
                value.data++;
                value.size--;
        }
        while (value.size > 0 &&
                (isspace((unsigned char)value.data[value.size - 1]) ||
                        value.data[value.size - 1] == 0))
                value.size--;
        n = MIN(value.size, (size_t)XML_VALUE_MAX - 1);
        for (size_t i = 0; i < n; i++)
                out[i] = isprint((unsigned char)value.data[i]) ? value.data[i] : ' ';
        out[n] = 0;
        return true;
}

int xml_parse_number(const char *text, uint64_t *ret)
{
        char *end;
        int base = strncasecmp(text, "0x", 2) == 0 ? 16 : 10;

        if (!isdigit((unsigned char)text[0]))
                return -EBADMSG;
        errno = 0;
        *ret = strtoull(text, &end, base);
        return errno || *end || (base == 16 && end == text + 1) ? -EBADMSG : 0;
}

int xml_number(XmlText text, const char *tag, uint64_t *ret)
{
        char value[XML_VALUE_MAX];

        return xml_value(text, tag, value) ? xml_parse_number(value, ret) : -ENOENT;
}

ssize_t xml_hex(XmlText text, const char *tag, uint8_t *out, size_t max)
{
        char value[XML_VALUE_MAX];
        size_t n;

        if (!xml_value(text, tag, value))
                return -ENOENT;
        n = strlen(value) / 2;
        if (n == 0)
                return -ENOENT;
        if (n > max || hex_decode(value, out, n) < 0)
                return -EBADMSG;
        return (ssize_t)n;
}

static bool starts(XmlText text, const char *with)
{
        return text.size >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

XmlKind xml_kind(XmlText text)
{
        char command[XML_VALUE_MAX];

        if (starts(text, "OK") || starts(text, "ERR"))
                return XML_STATUS;
        if (!starts(text, "<") || !xml_value(text, "command", command))
                return XML_GARBAGE;
        for (XmlKind kind = XML_START; kind < XML_UNKNOWN; kind++)
                if (strcmp(command, kind_names[kind]) == 0)
                        return kind;
        return strncmp(command, "CMD:", 4) == 0 ? XML_UNKNOWN : XML_GARBAGE;
}

bool xml_status_ok(XmlText text)
{
        return starts(text, "OK");
}

int xml_status_number(XmlText text, uint64_t *ret)
{
        char number[32];
        size_t n;

        if (!starts(text, "OK@"))
                return -ENOENT;
        n = strnlen(text.data + 3, text.size - 3);
        if (n >= sizeof number)
                return -EBADMSG;
        memcpy(number, text.data + 3, n);
        number[n] = 0;
        return xml_parse_number(number, ret);
}
