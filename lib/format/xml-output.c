/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/xml-output.h"

#include <errno.h>
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <string.h>

#include "format/utf8.h"

/* as libxml2 wants its texts */
static const xmlChar *xml(const char *text)
{
        return (const xmlChar *)text;
}

struct XmlOutput {
        xmlBuffer *buffer;
        xmlTextWriter *writer;
        bool failed;
};

XmlOutput *xml_output_new(const char *encoding, unsigned indent)
{
        _cleanup_(xml_output_freep) XmlOutput *x = calloc(1, sizeof(*x));
        char blanks[17];

        if (!x)
                return NULL;
        x->buffer = xmlBufferCreate();
        x->writer = x->buffer ? xmlNewTextWriterMemory(x->buffer, 0) : NULL;
        if (!x->writer)
                return NULL;
        snprintf(blanks, sizeof(blanks), "%*s", (int)MIN(indent, 16u), "");
        x->failed |= xmlTextWriterSetIndent(x->writer, 1) < 0;
        x->failed |= xmlTextWriterSetIndentString(x->writer, xml(blanks)) < 0;
        x->failed |= xmlTextWriterStartDocument(x->writer, NULL, encoding, NULL) < 0;
        return TAKE_PTR(x);
}

XmlOutput *xml_output_free(XmlOutput *x)
{
        if (!x)
                return NULL;
        if (x->writer)
                xmlFreeTextWriter(x->writer);
        if (x->buffer)
                xmlBufferFree(x->buffer);
        free(x);
        return NULL;
}

/* Only what XML may contain, in valid UTF-8; to be freed. */
static char *clean(const char *text)
{
        size_t left = strlen(text), n = 0;
        char *out = malloc(left + 1);

        while (out && left > 0) {
                size_t length = utf8_length(text, left);
                if (length == 0 || (length == 1 && (unsigned char)*text < 0x20))
                        out[n++] = '?';
                else {
                        memcpy(out + n, text, length);
                        n += length;
                }
                length = MAX(length, (size_t)1);
                text += length;
                left -= length;
        }
        if (out)
                out[n] = '\0';
        return out;
}

void xml_output_start(XmlOutput *x, const char *element)
{
        x->failed |= xmlTextWriterStartElement(x->writer, xml(element)) < 0;
}

void xml_output_attribute(XmlOutput *x, const char *name, const char *value)
{
        _cleanup_free_ char *text = clean(value);

        x->failed |= !text || xmlTextWriterWriteAttribute(x->writer, xml(name), xml(text)) < 0;
}

void xml_output_attributef(XmlOutput *x, const char *name, const char *format, ...)
{
        _cleanup_free_ char *value = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&value, format, ap) < 0)
                value = NULL;
        va_end(ap);
        if (value)
                xml_output_attribute(x, name, value);
        else
                x->failed = true;
}

void xml_output_text(XmlOutput *x, const char *text)
{
        _cleanup_free_ char *cleaned = clean(text);

        x->failed |= !cleaned || xmlTextWriterWriteString(x->writer, xml(cleaned)) < 0;
}

void xml_output_leaf(XmlOutput *x, const char *element, const char *text)
{
        xml_output_start(x, element);
        xml_output_text(x, text);
        xml_output_end(x);
}

void xml_output_end(XmlOutput *x)
{
        x->failed |= xmlTextWriterEndElement(x->writer) < 0;
}

int xml_output_finish(XmlOutput *x, char **ret, size_t *ret_size)
{
        x->failed |= xmlTextWriterEndDocument(x->writer) < 0;
        x->failed |= xmlTextWriterFlush(x->writer) < 0;
        if (x->failed)
                return -ENOMEM;
        size_t size = (size_t)xmlBufferLength(x->buffer);
        char *text = malloc(size + 1);
        if (!text)
                return -ENOMEM;
        memcpy(text, xmlBufferContent(x->buffer), size);
        text[size] = '\0';
        *ret = text;
        *ret_size = size;
        return 0;
}
