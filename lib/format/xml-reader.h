/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* libxml2's reader for lists whose content is in attributes: without network, silent, and every
 * owner with a cleanup. A document type declaration has to be refused by who reads. */

#include <libxml/xmlreader.h>

#include "basic/cleanup.h"

static inline void xml_reader_freep(xmlTextReader **r)
{
        if (*r)
                xmlFreeTextReader(*r);
}
#define _cleanup_xml_reader_ _cleanup_(xml_reader_freep)

static inline void xml_string_freep(xmlChar **s)
{
        if (*s)
                xmlFree(*s);
}
#define _cleanup_xml_string_ _cleanup_(xml_string_freep)

static inline void xml_quiet(void *userdata, const char *message, ...)
{
}

/* NULL when out of memory. */
static inline xmlTextReader *xml_reader_new(const char *text, size_t size)
{
        xmlTextReader *r = xmlReaderForMemory(text, (int)size, NULL, NULL, XML_PARSE_NONET);

        if (r)
                xmlTextReaderSetErrorHandler(
                        r, (xmlTextReaderErrorFunc)(void (*)(void))xml_quiet, NULL);
        return r;
}
