/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/checksum-xml.h"

#include <errno.h>
#include <string.h>

#include "format/xml-reader.h"

ChecksumXml *checksum_xml_new(void)
{
        return calloc(1, sizeof(ChecksumXml));
}

ChecksumXml *checksum_xml_free(ChecksumXml *c)
{
        if (!c)
                return NULL;
        free(c->entries);
        free(c);
        return NULL;
}

ChecksumXmlEntry *checksum_xml_add(ChecksumXml *c, const char *file, uint32_t sum)
{
        ChecksumXmlEntry *bigger, *e;
        size_t want;

        if (c->n_entries == CHECKSUM_XML_FILES_MAX || strlen(file) >= sizeof(e->file))
                return NULL;
        if (c->n_entries == c->entries_size) {
                want = MAX(2 * c->entries_size, 32U);
                bigger = reallocarray(c->entries, want, sizeof(*bigger));
                if (!bigger)
                        return NULL;
                c->entries = bigger;
                c->entries_size = want;
        }
        e = &c->entries[c->n_entries++];
        *e = (ChecksumXmlEntry){ .method = "ADD", .sum = sum };
        strcpy(e->file, file);
        return e;
}

static int read_file(xmlTextReader *reader, ChecksumXml *c, Layout *l)
{
        _cleanup_xml_string_ xmlChar *name = xmlTextReaderGetAttribute(reader, BAD_CAST "name");
        _cleanup_xml_string_ xmlChar *method =
                xmlTextReaderGetAttribute(reader, BAD_CAST "chk_method");
        _cleanup_xml_string_ xmlChar *sum = xmlTextReaderGetAttribute(reader, BAD_CAST "checksum");
        /* the parser itself reads ahead; the node knows where it stood */
        unsigned line = (unsigned)xmlGetLineNo(xmlTextReaderCurrentNode(reader));
        ChecksumXmlEntry *e;
        unsigned long value;
        char *end;

        errno = 0;
        value = sum ? strtoul((const char *)sum, &end, 16) : 0;
        if (!name || !sum || errno || *end || end == (const char *)sum || value > UINT32_MAX) {
                if (l)
                        layout_problem(l, line, "file entry without a name or a 32-bit sum");
                return 0;
        }
        e = checksum_xml_add(c, (const char *)name, (uint32_t)value);
        if (!e) {
                if (l)
                        layout_problem(l, line, "too many files, or a name that is too long");
                return c->n_entries < CHECKSUM_XML_FILES_MAX &&
                                strlen((const char *)name) < sizeof(e->file)
                        ? -ENOMEM
                        : 0;
        }
        e->line = line;
        if (method)
                snprintf(e->method, sizeof(e->method), "%s", (const char *)method);
        return 0;
}

int checksum_xml_read(const char *text, size_t size, ChecksumXml **ret, Layout *l)
{
        _cleanup_(checksum_xml_freep) ChecksumXml *c = checksum_xml_new();
        _cleanup_xml_reader_ xmlTextReader *reader = NULL;
        bool seen_root = false, seen_images = false;
        int r;

        if (!c)
                return -ENOMEM;
        if (size > CHECKSUM_XML_FILE_MAX)
                return -ENOENT;
        reader = xml_reader_new(text, size);
        if (!reader)
                return -ENOMEM;
        while ((r = xmlTextReaderRead(reader)) == 1) {
                const char *name = (const char *)xmlTextReaderConstLocalName(reader);

                if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_DOCUMENT_TYPE)
                        return -EBADMSG;
                if (xmlTextReaderNodeType(reader) != XML_READER_TYPE_ELEMENT)
                        continue;
                if (!seen_root && strcmp(name, "scatter") != 0)
                        return -ENOENT;
                seen_root = true;
                if (strcmp(name, "images") == 0)
                        seen_images = true;
                if (seen_images && strcmp(name, "file") == 0) {
                        r = read_file(reader, c, l);
                        if (r < 0)
                                return r;
                }
        }
        if (r < 0)
                return -EBADMSG;
        if (!seen_images)
                return -ENOENT;
        *ret = TAKE_PTR(c);
        return 0;
}

int checksum_xml_write(const ChecksumXml *c, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        fputs("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<scatter>\n"
              "\t<version>1.0</version>\n\t<images>\n",
                f);
        for (size_t i = 0; i < c->n_entries; i++) {
                const ChecksumXmlEntry *e = &c->entries[i];
                _cleanup_xml_string_ xmlChar *name =
                        xmlEncodeSpecialChars(NULL, (const xmlChar *)e->file);

                fprintf(f, "\t\t<file name=\"%s\" chk_method=\"%s\" checksum=\"0x%x\"/>\n",
                        name ? (const char *)name : "", e->method, e->sum);
        }
        fputs("\t</images>\n</scatter>\n", f);
        if (ferror(f) | (fclose(f) != 0))
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
