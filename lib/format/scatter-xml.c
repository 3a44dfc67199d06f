/* SPDX-License-Identifier: GPL-3.0-or-later */

/* XML scatter files: the same keys as in text, either as the "name" of an element with children or as
 * an element with text. */

#include <errno.h>
#include <string.h>

#include "format/scatter-build.h"
#include "format/xml-input.h"

static int on_start(void *userdata, unsigned line, const char *element, const char *name)
{
        return name ? scatter_builder_key(userdata, line, element, name) : 0;
}

static int on_leaf(void *userdata, unsigned line, const char *element, const char *text)
{
        return scatter_builder_key(userdata, line, element, text);
}

static void on_broken(void *userdata, unsigned line, const char *text)
{
        scatter_builder_problem(userdata, line, "%s; the rest is left out", text);
}

static const XmlHandler handler = { .start = on_start, .leaf = on_leaf, .broken = on_broken };

int scatter_read_xml(const char *text, size_t size, Scatter **ret)
{
        _cleanup_(scatter_builder_done) ScatterBuilder b;

        int r = scatter_builder_init(&b);
        if (r == 0)
                r = xml_input_read(text, size, "root", &handler, &b);
        return r < 0 ? r : scatter_builder_finish(&b, NULL, SCATTER_XML, ret);
}
