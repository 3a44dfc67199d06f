/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* XML files for flash tools, written element by element with libxml2's writer.
 *
 * A step that fails is remembered; the end tells. Texts are UTF-8; what XML cannot say at all
 * (control characters) becomes '?'. */

#include "basic/cleanup.h"

typedef struct XmlOutput XmlOutput;

/* Starts a document with "indent" blanks a level; NULL when out of memory. */
XmlOutput *xml_output_new(const char *encoding, unsigned indent);
XmlOutput *xml_output_free(XmlOutput *x);
DEFINE_CLEANUP(XmlOutput, xml_output_free)

void xml_output_start(XmlOutput *x, const char *element);
/* of the element that was just started */
void xml_output_attribute(XmlOutput *x, const char *name, const char *value);
void xml_output_attributef(XmlOutput *x, const char *name, const char *format, ...) _printf_(3, 4);
void xml_output_text(XmlOutput *x, const char *text);
/* an element with a text and nothing else */
void xml_output_leaf(XmlOutput *x, const char *element, const char *text);
void xml_output_end(XmlOutput *x);

/* Closes what is open and gives the document, to be freed. 0 or -ENOMEM. */
int xml_output_finish(XmlOutput *x, char **ret, size_t *ret_size);
