/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The SAX interface of libxml2 is used because it tells of every element before the place where a
 * file breaks; its text reader looks ahead and loses the last of them. */

#include "format/xml-input.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>

typedef struct Input {
        const XmlHandler *handler;
        void *userdata;
        const char *root;
        xmlParserCtxt *parser;
        int result; /* of a handler, or that the root is another one */
        bool begun;
        unsigned depth, error_line;
        char error[120];
        char leaf[64]; /* name of the innermost open element while it has no children; "" none */
        char text[XML_TEXT_MAX];
        size_t n_text;
} Input;

static void parser_freep(xmlParserCtxt **p)
{
        if (*p)
                xmlFreeParserCtxt(*p);
}

static unsigned line_of(const Input *in)
{
        int line = in->parser->input ? in->parser->input->line : 0;
        return line > 0 ? (unsigned)line : 0;
}

static void stop(Input *in, int result, const char *error)
{
        if (in->result == 0)
                in->result = result;
        if (error && !in->error[0]) {
                snprintf(in->error, sizeof(in->error), "%s", error);
                in->error_line = line_of(in);
        }
        xmlStopParser(in->parser);
}

static void on_error(void *userdata, xmlError *e)
{
        Input *in = userdata;

        if (in->error[0] || e->level < XML_ERR_ERROR)
                return;
        snprintf(in->error, sizeof(in->error), "%s", e->message ?: "not valid XML");
        in->error[strcspn(in->error, "\r\n")] = '\0';
        in->error_line = e->line > 0 ? (unsigned)e->line : 0;
}

/* Some errors of encodings go past the handler to stderr. */
static void on_chatter(void *userdata, const char *format, ...)
{
}

static void on_doctype(void *userdata, const xmlChar *name, const xmlChar *id, const xmlChar *uri)
{
        stop(userdata, 0, "document type declarations are refused");
}

static void on_reference(void *userdata, const xmlChar *name)
{
        stop(userdata, 0, "entities are refused");
}

static void on_text(void *userdata, const xmlChar *more, int size)
{
        Input *in = userdata;
        size_t n = MIN((size_t)size, sizeof(in->text) - 1 - in->n_text);

        if (!in->leaf[0])
                return;
        memcpy(in->text + in->n_text, more, n);
        in->n_text += n;
        in->text[in->n_text] = '\0';
}

/* The attribute "name", or NULL; to be freed. Five pointers an attribute, the last two are its
 * value. */
static char *name_attribute(const xmlChar **attributes, int n)
{
        for (int i = 0; i < n; i++) {
                const char *const *a = (const char *const *)attributes + 5 * i;
                if (strcmp(a[0], "name") == 0)
                        return strndup(a[3], (size_t)(a[4] - a[3]));
        }
        return NULL;
}

static void on_start(void *userdata, const xmlChar *local, const xmlChar *prefix,
        const xmlChar *uri, int n_namespaces, const xmlChar **namespaces, int n_attributes,
        int n_defaulted, const xmlChar **attributes)
{
        Input *in = userdata;
        const char *element = (const char *)local;

        if (!in->begun && strcmp(element, in->root) != 0) {
                stop(in, -EBADMSG, NULL);
                return;
        }
        in->begun = true;
        if (in->depth++ > XML_DEPTH_MAX) {
                stop(in, 0, "nested too deeply");
                return;
        }
        _cleanup_free_ char *name = name_attribute(attributes, n_attributes);
        int r = in->handler->start(in->userdata, line_of(in), element, name);
        if (r < 0)
                stop(in, r, NULL);
        in->n_text = 0;
        in->text[0] = '\0';
        snprintf(in->leaf, sizeof(in->leaf), "%s",
                name || strlen(element) >= sizeof(in->leaf) ? "" : element);
}

/* The text without blanks around it, control characters as '?'. */
static const char *clean_text(Input *in)
{
        char *text = in->text;

        while (in->n_text > 0 && strchr(" \t\r\n", text[in->n_text - 1]))
                text[--in->n_text] = '\0';
        while (*text && strchr(" \t\r\n", *text))
                text++;
        for (char *at = text; *at; at++)
                if ((unsigned char)*at < 0x20 || *at == 0x7f)
                        *at = '?';
        return text;
}

static void on_end(void *userdata, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
        Input *in = userdata;
        const char *element = (const char *)local;
        int r = 0;

        in->depth--;
        if (strcmp(in->leaf, element) == 0)
                r = in->handler->leaf(in->userdata, line_of(in), element, clean_text(in));
        in->leaf[0] = '\0';
        if (r < 0)
                stop(in, r, NULL);
}

static xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_doctype,
        .reference = on_reference,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
};

int xml_input_read(
        const char *text, size_t size, const char *root, const XmlHandler *handler, void *userdata)
{
        Input in = { .handler = handler, .userdata = userdata, .root = root };

        if (size > INT_MAX)
                return -EBADMSG;
        _cleanup_(parser_freep) xmlParserCtxt *parser =
                xmlCreatePushParserCtxt(&sax, &in, NULL, 0, NULL);
        if (!parser)
                return -ENOMEM;
        in.parser = parser;
        xmlSetGenericErrorFunc(NULL, on_chatter);
        xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        xmlParseChunk(parser, text, (int)size, 1);
        if (in.result < 0)
                return in.result;
        if (parser->errNo == XML_ERR_NO_MEMORY)
                return -ENOMEM;
        if (!in.begun)
                return -EBADMSG;
        if (in.error[0] && handler->broken)
                handler->broken(userdata, in.error_line, in.error);
        return 0;
}
