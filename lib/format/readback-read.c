/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/readback-read.h"

#include <errno.h>
#include <string.h>

#include "format/xml-reader.h"

/* one file being read */
typedef struct Reader {
        xmlTextReader *xml;
        ReadbackFile *file;
        Layout *problems;
        unsigned line;
        uint64_t next_index;
} Reader;

ReadbackFile *readback_file_free(ReadbackFile *f)
{
        if (!f)
                return NULL;
        free(f->entries);
        free(f);
        return NULL;
}

static void copy(char *out, size_t size, const char *text)
{
        snprintf(out, size, "%s", text ?: "");
}

static ReadbackEntry *add_entry(Reader *r)
{
        ReadbackFile *f = r->file;
        ReadbackEntry *bigger;

        if (f->n_entries == f->entries_size) {
                size_t want = MAX(2 * f->entries_size, 32U);

                bigger = reallocarray(f->entries, want, sizeof(*bigger));
                if (!bigger)
                        return NULL;
                f->entries = bigger;
                f->entries_size = want;
        }
        f->entries[f->n_entries] = (ReadbackEntry){ .enabled = true, .line = r->line };
        return &f->entries[f->n_entries++];
}

static xmlChar *attribute(const Reader *r, const char *name)
{
        return xmlTextReaderGetAttribute(r->xml, (const xmlChar *)name);
}

static uint64_t number(Reader *r, const char *name, int base)
{
        _cleanup_xml_string_ xmlChar *text = attribute(r, name);
        uint64_t value;
        char *end;

        if (!text) {
                layout_problem(r->problems, r->line, "%s is missing", name);
                return 0;
        }
        errno = 0;
        value = strtoull((const char *)text, &end, base);
        if (errno || *end || end == (const char *)text)
                layout_problem(r->problems, r->line, "%s “%.40s” is no number", name, text);
        return value;
}

static bool truth(const Reader *r, const char *name)
{
        _cleanup_xml_string_ xmlChar *text = attribute(r, name);

        return !text || strcmp((const char *)text, "true") == 0 ||
                strcmp((const char *)text, "1") == 0;
}

/* The text of the current element; the reader stays on it. */
static void read_path(const Reader *r, char *out, size_t size)
{
        _cleanup_xml_string_ xmlChar *text = xmlTextReaderReadString(r->xml);
        const char *p = (const char *)text;

        copy(out, size, p ? p + strspn(p, " \t\r\n") : "");
        for (size_t n = strlen(out); n > 0 && strchr(" \t\r\n", out[n - 1]); n--)
                out[n - 1] = 0;
}

static void check_range(Reader *r, const ReadbackEntry *e)
{
        if (e->length == 0)
                layout_problem(r->problems, r->line, "length 0: the tool refuses the whole list");
        if (e->length % 512 != 0 || e->offset % 512 != 0)
                layout_problem(r->problems, r->line, "not on sector borders: the tool refuses it");
        if (e->offset >= UINT64_C(0xFFFF0000) && e->offset <= UINT32_MAX)
                layout_problem(r->problems, r->line,
                        "0x%llx is no address, it counts from the end of the area",
                        (unsigned long long)e->offset);
}

static int read_v5_item(Reader *r)
{
        ReadbackEntry *e = add_entry(r);
        uint64_t index;

        if (!e)
                return -ENOMEM;
        index = number(r, "readback-index", 10);
        if (index != r->next_index)
                layout_problem(r->problems, r->line,
                        "readback-index %llu instead of %llu: the tool switches other rows on and "
                        "off",
                        (unsigned long long)index, (unsigned long long)r->next_index);
        r->next_index = index + 1;
        e->offset = number(r, "start-address", 16);
        e->length = number(r, "readback-length", 16);
        snprintf(e->area, sizeof(e->area), "part %llu",
                (unsigned long long)number(r, "part-id", 10));
        e->enabled = truth(r, "readback-enable");
        read_path(r, e->path, sizeof(e->path));
        check_range(r, e);
        return 0;
}

static int read_v6_item(Reader *r)
{
        _cleanup_xml_string_ xmlChar *region = attribute(r, "region-text");
        ReadbackEntry *e = add_entry(r);

        if (!e)
                return -ENOMEM;
        copy(e->area, sizeof(e->area), (const char *)region);
        e->offset = number(r, "start-addr", 16);
        e->length = number(r, "length", 16);
        e->enabled = truth(r, "enabled");
        read_path(r, e->path, sizeof(e->path));
        check_range(r, e);
        return 0;
}

static int read_flash_command(Reader *r)
{
        _cleanup_xml_string_ xmlChar *partition = attribute(r, "partition");
        ReadbackEntry *e = add_entry(r);

        if (!e)
                return -ENOMEM;
        copy(e->area, sizeof(e->area), (const char *)partition);
        e->offset = number(r, "offset", 16);
        e->length = number(r, "length", 16);
        check_range(r, e);
        return 0;
}

static int read_partition_command(Reader *r)
{
        _cleanup_xml_string_ xmlChar *partition = attribute(r, "partition");
        ReadbackEntry *e = add_entry(r);

        if (!e)
                return -ENOMEM;
        copy(e->area, sizeof(e->area), (const char *)partition);
        e->by_name = true;
        return 0;
}

/* belongs to the command before it */
static int read_target(Reader *r)
{
        _cleanup_xml_string_ xmlChar *name = attribute(r, "file_name");
        ReadbackFile *f = r->file;

        if (f->n_entries > 0 && !f->entries[f->n_entries - 1].path[0])
                copy(f->entries[f->n_entries - 1].path, sizeof(f->entries[0].path),
                        (const char *)name);
        return 0;
}

static int read_chip(Reader *r)
{
        read_path(r, r->file->chip, sizeof(r->file->chip));
        return 0;
}

static int read_storage(Reader *r)
{
        read_path(r, r->file->storage, sizeof(r->file->storage));
        return 0;
}

static const struct {
        const char *element;
        int (*read)(Reader *r);
} elements[] = {
        { "chip-name", read_chip },
        { "storage-type", read_storage },
        { "readback-rom-item", read_v5_item },
        { "readback-item", read_v6_item },
        { "READ-FLASH", read_flash_command },
        { "READ-PARTITION", read_partition_command },
        { "target-file", read_target },
};

static const struct {
        const char *root, *form;
} roots[] = {
        { "flashtool-config", "v5" },
        { "readback-backup", "v6" },
        { "cflashtool-config", "console6" },
};

static int read_root(Reader *r, const char *name)
{
        for (size_t i = 0; i < ELEMENTS(roots); i++)
                if (strcmp(roots[i].root, name) == 0) {
                        copy(r->file->form, sizeof(r->file->form), roots[i].form);
                        return 0;
                }
        return -ENOENT;
}

static int read_element(Reader *r)
{
        const char *name = (const char *)xmlTextReaderConstLocalName(r->xml);

        r->line = (unsigned)xmlGetLineNo(xmlTextReaderCurrentNode(r->xml));
        if (!r->file->form[0])
                return read_root(r, name);
        if (r->file->n_entries == READBACK_ENTRIES_MAX) {
                layout_problem(r->problems, 0, "too many entries; the rest was not read");
                return 0;
        }
        for (size_t i = 0; i < ELEMENTS(elements); i++)
                if (strcmp(elements[i].element, name) == 0)
                        return elements[i].read(r);
        return 0;
}

int readback_file_read(const char *text, size_t size, ReadbackFile **ret, Layout *l)
{
        _cleanup_(readback_file_freep) ReadbackFile *f = calloc(1, sizeof(*f));
        _cleanup_xml_reader_ xmlTextReader *xml = NULL;
        Reader r = { .file = f, .problems = l };
        int more, e;

        if (!f)
                return -ENOMEM;
        if (size > READBACK_FILE_MAX)
                return -ENOENT;
        xml = xml_reader_new(text, size);
        if (!xml)
                return -ENOMEM;
        r.xml = xml;
        while ((more = xmlTextReaderRead(xml)) == 1) {
                int type = xmlTextReaderNodeType(xml);

                if (type == XML_READER_TYPE_DOCUMENT_TYPE)
                        return -EBADMSG;
                if (type != XML_READER_TYPE_ELEMENT)
                        continue;
                e = read_element(&r);
                if (e < 0)
                        return e;
        }
        if (more < 0)
                return -EBADMSG;
        *ret = TAKE_PTR(f);
        return 0;
}
