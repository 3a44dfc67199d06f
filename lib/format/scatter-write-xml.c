/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Scatter files in XML: the keys of V2, as elements. */

#include <errno.h>

#include "format/scatter-build.h"
#include "format/scatter-write.h"
#include "format/xml-output.h"

static void put_key(void *userdata, const char *key, const char *value)
{
        xml_output_leaf(userdata, key, value);
}

static void start_named(XmlOutput *x, const char *element, const char *name)
{
        xml_output_start(x, element);
        xml_output_attribute(x, "name", name);
}

static void put_section(XmlOutput *x, const Layout *l)
{
        const char *storage = scatter_storage_name(l->storage);

        start_named(x, "storage_type", storage);
        start_named(x, "general", "MTK_STORAGE_CFG");
        start_named(x, "storage", storage);
        scatter_emit_storage(l, put_key, x);
        xml_output_end(x);
        xml_output_end(x);
        for (size_t i = 0; i < l->n_parts; i++) {
                xml_output_start(x, "partition_index");
                xml_output_attributef(x, "name", "SYS%zu", i);
                scatter_emit_entry(SCATTER_XML, l, l->parts + i, put_key, x);
                xml_output_end(x);
        }
        xml_output_end(x);
}

int scatter_write_xml(Layout *const *sections, size_t n_sections, char **ret, size_t *ret_size)
{
        _cleanup_(xml_output_freep) XmlOutput *x = xml_output_new("utf-8", 2);

        if (!x)
                return -ENOMEM;
        xml_output_start(x, "root");
        start_named(x, "general", "MTK_PLATFORM_CFG");
        start_named(x, "config_version", "V2.1.0");
        put_key(x, "platform", sections[0]->chip);
        put_key(x, "project", sections[0]->project);
        xml_output_end(x);
        xml_output_end(x);
        for (size_t i = 0; i < n_sections; i++)
                put_section(x, sections[i]);
        xml_output_end(x);
        return xml_output_finish(x, ret, ret_size);
}
