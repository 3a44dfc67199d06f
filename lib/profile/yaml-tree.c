/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events of libyaml become nodes, one by one; `open` is the collection being filled and `key` the
 * name that the next value of a mapping gets. Memory is bounded by the size of the text, its depth
 * and the number of nodes, all checked before anything is made. */

#include "profile/yaml-tree.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <yaml.h>

struct YamlTree {
        char *file;
        ErrorId id;
        YamlNode *root;
        size_t n_nodes;
        unsigned depth;

        /* while parsing */
        YamlNode *open;
        char *key;
        unsigned key_line, key_column;
};

static YamlNode *node_free(YamlNode *n)
{
        while (n) {
                YamlNode *next = n->next;
                node_free(n->first);
                free(n->text);
                free(n->key);
                free(n);
                n = next;
        }
        return NULL;
}

YamlTree *yaml_tree_free(YamlTree *t)
{
        if (!t)
                return NULL;
        node_free(t->root);
        free(t->file);
        free(t->key);
        free(t);
        return NULL;
}

const YamlNode *yaml_tree_root(const YamlTree *t)
{
        return t->root;
}

const YamlNode *yaml_map_get(const YamlNode *map, const char *key)
{
        if (!map || map->kind != YAML_MAP)
                return NULL;
        for (const YamlNode *n = map->first; n; n = n->next)
                if (strcmp(n->key, key) == 0)
                        return n;
        return NULL;
}

/* ---- messages ---- */

static int error_at(const YamlTree *t, size_t line, size_t column, Failure *f, const char *text)
{
        return failure_set(f, -EINVAL, t->id, "%s:%zu:%zu: %s", t->file, line, column, text);
}

/* "read.areas", from the root down */
static void node_path(const YamlNode *n, char *out, size_t size)
{
        if (n->parent)
                node_path(n->parent, out, size);
        if (!n->key)
                return;
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", used > 0 ? "." : "", n->key);
}

int yaml_tree_error(const YamlTree *t, const YamlNode *n, Failure *f, const char *format, ...)
{
        char text[FAILURE_TEXT_MAX], path[200] = "", message[FAILURE_TEXT_MAX + 220];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        node_path(n, path, sizeof(path));
        snprintf(message, sizeof(message), "%s%s%s", path, path[0] ? ": " : "", text);
        return error_at(t, n->line, n->column, f, message);
}

/* ---- building ---- */

/* what people mean when YAML sees an alias */
static const char quote_hint[] = "A pattern that begins with * needs quotes: \"*\".";

static int add_node(YamlTree *t, YamlKind kind, const yaml_mark_t *mark, Failure *f, YamlNode **ret)
{
        if (t->n_nodes >= YAML_NODES_MAX)
                return error_at(
                        t, mark->line + 1, mark->column + 1, f, "the file has too many values");
        YamlNode *n = calloc(1, sizeof(*n));
        if (!n)
                return -ENOMEM;
        t->n_nodes++;
        n->kind = kind;
        n->line = (unsigned)mark->line + 1;
        n->column = (unsigned)mark->column + 1;
        n->parent = t->open;
        n->key = TAKE_PTR(t->key);
        n->key_line = t->key_line;
        n->key_column = t->key_column;
        if (!t->open)
                t->root = n;
        else if (t->open->last)
                t->open->last->next = n;
        else
                t->open->first = n;
        if (t->open) {
                t->open->last = n;
                t->open->n_children++;
        }
        *ret = n;
        return 0;
}

static bool has_control(const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f ||
                        (text[i] == '\xc2' && i + 1 < size && (unsigned char)text[i + 1] < 0xa0))
                        return true;
        return false;
}

static int on_scalar(YamlTree *t, const yaml_event_t *e, Failure *f)
{
        const yaml_mark_t *at = &e->start_mark;
        const char *text = (const char *)e->data.scalar.value;
        size_t size = e->data.scalar.length;
        YamlNode *n;

        if (size > YAML_TEXT_MAX)
                return error_at(t, at->line + 1, at->column + 1, f, "the text is too long");
        if (has_control(text, size))
                return error_at(t, at->line + 1, at->column + 1, f,
                        "line breaks and control characters have no place in a value");
        if (t->open && t->open->kind == YAML_MAP && !t->key) {
                if (yaml_map_get(t->open, text)) {
                        char message[YAML_TEXT_MAX + 40];
                        snprintf(message, sizeof(message), "%s: this key is there twice", text);
                        return error_at(t, at->line + 1, at->column + 1, f, message);
                }
                t->key = strdup(text);
                t->key_line = (unsigned)at->line + 1;
                t->key_column = (unsigned)at->column + 1;
                return t->key ? 0 : -ENOMEM;
        }
        int r = add_node(t, YAML_TEXT, at, f, &n);
        if (r < 0)
                return r;
        n->text = strdup(text);
        return n->text ? 0 : -ENOMEM;
}

static int on_start(YamlTree *t, YamlKind kind, const yaml_mark_t *at, Failure *f)
{
        YamlNode *n = NULL;

        if (t->open && t->open->kind == YAML_MAP && !t->key)
                return error_at(t, at->line + 1, at->column + 1, f, "expected a plain text as key");
        if (++t->depth > YAML_DEPTH_MAX)
                return error_at(t, at->line + 1, at->column + 1, f, "nested too deeply");
        int r = add_node(t, kind, at, f, &n);
        if (r < 0)
                return r;
        t->open = n;
        return 0;
}

static int refuse(YamlTree *t, const yaml_event_t *e, const char *text, Failure *f)
{
        return error_at(t, e->start_mark.line + 1, e->start_mark.column + 1, f, text);
}

static bool has_anchor_or_tag(const yaml_event_t *e)
{
        switch (e->type) {
        case YAML_SCALAR_EVENT: return e->data.scalar.anchor || e->data.scalar.tag;
        case YAML_SEQUENCE_START_EVENT:
                return e->data.sequence_start.anchor || e->data.sequence_start.tag;
        case YAML_MAPPING_START_EVENT:
                return e->data.mapping_start.anchor || e->data.mapping_start.tag;
        default: return false;
        }
}

/* 0 to go on, or an error */
static int on_event(YamlTree *t, const yaml_event_t *e, Failure *f)
{
        if (has_anchor_or_tag(e))
                return refuse(t, e, "anchors and tags are not allowed here", f);
        switch (e->type) {
        case YAML_DOCUMENT_START_EVENT:
                return t->root ? refuse(t, e, "only one document is allowed", f) : 0;
        case YAML_ALIAS_EVENT:
                refuse(t, e, "aliases are not allowed here", f);
                failure_hint(f, "%s", quote_hint);
                return -EINVAL;
        case YAML_SCALAR_EVENT: return on_scalar(t, e, f);
        case YAML_SEQUENCE_START_EVENT: return on_start(t, YAML_LIST, &e->start_mark, f);
        case YAML_MAPPING_START_EVENT: return on_start(t, YAML_MAP, &e->start_mark, f);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                t->open = t->open->parent;
                t->depth--;
                return 0;
        default: return 0;
        }
}

static int parser_error(const YamlTree *t, const yaml_parser_t *p, Failure *f)
{
        char text[200];

        if (p->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        snprintf(text, sizeof(text), "not valid YAML: %s%s%s", p->context ?: "",
                p->context ? ", " : "", p->problem ?: "unreadable");
        if (p->error == YAML_READER_ERROR) /* has no mark, only a byte offset */
                return failure_set(
                        f, -EINVAL, t->id, "%s: byte %zu: %s", t->file, p->problem_offset, text);
        error_at(t, p->problem_mark.line + 1, p->problem_mark.column + 1, f, text);
        if (strstr(text, "alias"))
                failure_hint(f, "%s", quote_hint);
        return -EINVAL;
}

static int parse_events(YamlTree *t, yaml_parser_t *p, Failure *f)
{
        for (;;) {
                yaml_event_t e;
                if (!yaml_parser_parse(p, &e))
                        return parser_error(t, p, f);
                bool end = e.type == YAML_STREAM_END_EVENT;
                int r = on_event(t, &e, f);
                yaml_event_delete(&e);
                if (r < 0 || end)
                        return r;
        }
}

int yaml_tree_parse(const char *file, const char *text, size_t size, size_t max_size, ErrorId id,
        YamlTree **ret, Failure *f)
{
        _cleanup_(yaml_tree_freep) YamlTree *t = calloc(1, sizeof(*t));
        yaml_parser_t parser;

        if (!t)
                return -ENOMEM;
        t->id = id;
        t->file = strdup(file);
        if (!t->file)
                return -ENOMEM;
        if (size > max_size)
                return failure_set(
                        f, -EINVAL, id, "%s: the file is larger than %zu bytes", file, max_size);
        if (!yaml_parser_initialize(&parser))
                return -ENOMEM;
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
        int r = parse_events(t, &parser, f);
        yaml_parser_delete(&parser);
        if (r < 0)
                return r;
        if (!t->root) {
                YamlNode *n;
                r = add_node(t, YAML_MAP, &(yaml_mark_t){ 0 }, f, &n);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(t);
        return 0;
}
