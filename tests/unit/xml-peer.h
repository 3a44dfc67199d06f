/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The other side of a conversation with an XML agent, as a script of messages:
 *
 *   > OK            the host must send exactly this text, header and payload apart
 *   >~ READ-FLASH   … a text with this in it
 *   ># 4096         … so many bytes
 *   < OK@0x10       the phone sends this text
 *   <START          … CMD:START;  <END OK text  … CMD:END with result and message
 *   <PROGRESS  <UPLOAD 0x1000  <DOWNLOAD 0x1000 CHK_NO  <FS FILE-SIZE   other messages of it
 *   <# 4096 aa      … so many bytes of this value
 *   <log text       … a packet of log text
 *   <raw 00 11      … bytes without a header
 *   ! gone          unplugged
 */

#include "peer.h"

typedef struct XmlPeer {
        Peer peer; /* first */
        uint8_t *payload;
        uint32_t size;
        bool in_payload;
} XmlPeer;

static inline void xml_say(Peer *p, uint32_t type, const void *data, size_t size)
{
        uint8_t head[12];

        put_le32(head, 0xfeeeeeef);
        put_le32(head + 4, type);
        put_le32(head + 8, (uint32_t)size);
        peer_say(p, head, sizeof head);
        peer_say(p, data, size);
}

static inline _printf_(2, 3) void xml_say_text(Peer *p, const char *format, ...)
{
        char text[1200];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        xml_say(p, 1, text, strlen(text) + 1);
}

#define XML_HOST "<?xml version=\"1.0\" encoding=\"utf-8\"?><host><version>1.0</version>"

static inline void xml_say_message(Peer *p, const char *line)
{
        char a[64], b[512];
        unsigned long n;
        unsigned value;

        if (!strcmp(line, "START"))
                xml_say_text(p, XML_HOST "<command>CMD:START</command></host>");
        else if (sscanf(line, "END %63s %511[^\n]", a, b) == 2)
                xml_say_text(p,
                        XML_HOST "<command>CMD:END</command><arg><result>%s</result>"
                                 "<message>%s</message></arg></host>",
                        a, b);
        else if (sscanf(line, "END %63s", a) == 1)
                xml_say_text(p,
                        XML_HOST "<command>CMD:END</command><arg><result>%s</result>"
                                 "<message></message></arg></host>",
                        a);
        else if (!strcmp(line, "PROGRESS"))
                xml_say_text(p,
                        XML_HOST "<command>CMD:PROGRESS-REPORT</command><arg>"
                                 "<message>init-hw</message></arg></host>");
        else if (sscanf(line, "UPLOAD %63s", a) == 1)
                xml_say_text(p,
                        XML_HOST "<command>CMD:UPLOAD-FILE</command><arg><checksum>CHK_NO"
                                 "</checksum><info>i</info><target_file>f</target_file>"
                                 "<packet_length>%s</packet_length></arg></host>",
                        a);
        else if (sscanf(line, "DOWNLOAD %63s %511s", a, b) == 2)
                xml_say_text(p,
                        XML_HOST "<command>CMD:DOWNLOAD-FILE</command><arg><checksum>%s"
                                 "</checksum><info>2nd-DA</info><source_file>f</source_file>"
                                 "<packet_length>%s</packet_length></arg></host>",
                        b, a);
        else if (sscanf(line, "FS %63s", a) == 1)
                xml_say_text(p,
                        XML_HOST "<command>CMD:FILE-SYS-OPERATION</command><arg><key>%s</key>"
                                 "<file_path>f</file_path></arg></host>",
                        a);
        else if (sscanf(line, "# %lu %x", &n, &value) == 2) {
                uint8_t *data = malloc(n);

                assert_non_null(data);
                memset(data, (int)value, n);
                xml_say(p, 1, data, n);
                free(data);
        } else if (!strncmp(line, "log ", 4))
                xml_say(p, 2, line + 4, strlen(line + 4));
        else if (!strncmp(line, "raw ", 4)) {
                uint8_t data[256];

                peer_say(p, data, script_hex(line + 4, data, sizeof data));
        } else
                xml_say_text(p, "%s", line + (*line == ' '));
}

/* The next line, without its end; NULL at the end of the script. */
static inline bool xml_line(Peer *p, char *out, size_t size, const char **ret_next)
{
        const char *line = p->script ? p->script + strspn(p->script, " ") : "";
        const char *end = strchrnul(line, '\n');

        snprintf(out, size, "%.*s", (int)(end - line), line);
        *ret_next = *end ? end + 1 : end;
        return *line != 0;
}

static inline void xml_talk(Peer *p)
{
        char line[1200];
        const char *next;

        while (xml_line(p, line, sizeof line, &next) && line[0] != '>') {
                p->script = next;
                p->line++;
                if (line[0] == '!')
                        p->gone = true;
                else
                        xml_say_message(p, line + 1);
        }
}

static inline void xml_heard(XmlPeer *x)
{
        Peer *p = &x->peer;
        const char *text = (const char *)x->payload, *next;
        char line[1200];
        unsigned long n;
        bool right;

        if (!xml_line(p, line, sizeof line, &next)) {
                p->problem = "the host says more than the script knows";
                return;
        }
        p->script = next;
        p->line++;
        if (line[1] == '~')
                right = strstr(text, line + 3) && text[x->size - 1] == 0;
        else if (sscanf(line, "># %lu", &n) == 1)
                right = n == x->size;
        else
                right = x->size == strlen(line + 2) + 1 && !memcmp(text, line + 2, x->size);
        if (!right) {
                p->problem = "another message than the script's";
                print_message("line %u: script \"%s\", host \"%.200s\" (%u)\n", p->line, line, text,
                        x->size);
                return;
        }
        xml_talk(p);
}

static inline void xml_hear(Peer *p, const uint8_t *data, size_t size)
{
        XmlPeer *x = (XmlPeer *)p;

        if (!x->in_payload) {
                if (size != 12 || get_le32(data) != 0xfeeeeeef || get_le32(data + 4) != 1) {
                        p->problem = "no header of its own";
                        return;
                }
                x->size = get_le32(data + 8);
                x->in_payload = true;
                return;
        }
        if (size != x->size) {
                p->problem = "a payload of another size than its header says";
                return;
        }
        x->in_payload = false;
        free(x->payload);
        x->payload = calloc(1, size + 1);
        assert_non_null(x->payload);
        memcpy(x->payload, data, size);
        xml_heard(x);
}

static inline Transport *xml_script(XmlPeer *x, const char *script)
{
        Transport *t;

        *x = (XmlPeer){};
        t = peer_init(&x->peer, xml_hear);
        x->peer.script = script;
        xml_talk(&x->peer);
        return t;
}

static inline void xml_done(XmlPeer *x)
{
        free(x->payload);
        x->payload = NULL;
        peer_done(&x->peer);
}
