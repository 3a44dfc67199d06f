/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* XML files of flash tools, read element by element.
 *
 * libxml2's reader does the work. Nothing is fetched, document type declarations are refused (and
 * with them all entities but the five of XML), depth and size are bounded. A file that is broken
 * somewhere is read up to there. */

#include "basic/cleanup.h"

enum { XML_TEXT_MAX = 1024, XML_DEPTH_MAX = 16 };

typedef struct XmlHandler {
        /* An element begins; name_attribute is the value of its attribute "name", or NULL. 0 to go
         * on, negative to stop. */
        int (*start)(
                void *userdata, unsigned line, const char *element, const char *name_attribute);
        /* An element without children ends: its text, blanks around it taken away. */
        int (*leaf)(void *userdata, unsigned line, const char *element, const char *text);
        /* What stopped the reader before the end: what is wrong and where. */
        void (*broken)(void *userdata, unsigned line, const char *text);
} XmlHandler;

/* Reads text whose first element is `root`. 0, also for a file that is broken later; -EBADMSG when
 * it does not begin so; -ENOMEM; or what a handler returned. */
int xml_input_read(
        const char *text, size_t size, const char *root, const XmlHandler *handler, void *userdata);
