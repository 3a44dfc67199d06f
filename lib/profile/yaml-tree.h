/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* YAML that people write: profiles and the daemon's configuration.
 *
 * libyaml reads the text; the result is a small tree of texts, lists and mappings in which every
 * node knows its line and column, so that whoever interprets it can say exactly what is wrong and
 * where. Everything is plain text until somebody asks for a number or a truth value. What makes
 * YAML surprising is refused: aliases, tags, several documents, keys that occur twice.
 *
 * Messages are "file:line:column: path.to.key: expected …" in a Failure with the id given to
 * yaml_tree_parse. */

#include "basic/failure.h"

enum { YAML_DEPTH_MAX = 8, YAML_NODES_MAX = 4096, YAML_TEXT_MAX = 1024 };

typedef enum YamlKind { YAML_TEXT, YAML_LIST, YAML_MAP } YamlKind;

typedef struct YamlNode YamlNode;
struct YamlNode {
        YamlKind kind;
        unsigned line, column; /* from 1 */
        char *text; /* YAML_TEXT: UTF-8 without control characters; "" for an empty value */
        char *key;  /* its name in a mapping, else NULL */
        unsigned key_line, key_column;
        YamlNode *parent, *first, *last, *next; /* children in the order of the text */
        size_t n_children;
};

typedef struct YamlTree YamlTree;

/* Parses text of at most max_size bytes; `file` is only named in messages. An empty text gives an
 * empty mapping. 0, -EINVAL with f, -ENOMEM. */
int yaml_tree_parse(const char *file, const char *text, size_t size, size_t max_size, ErrorId id,
        YamlTree **ret, Failure *f);
YamlTree *yaml_tree_free(YamlTree *t);
DEFINE_CLEANUP(YamlTree, yaml_tree_free)
const YamlNode *yaml_tree_root(const YamlTree *t);

/* Fills f with the place of a node, the path of its keys and the message; returns -EINVAL. */
int yaml_tree_error(const YamlTree *t, const YamlNode *n, Failure *f, const char *format, ...)
        _printf_(4, 5);

/* The value of a key of a mapping, or NULL. A NULL map has no keys. */
const YamlNode *yaml_map_get(const YamlNode *map, const char *key);
/* -EINVAL unless n is a mapping with no other keys than these (NULL-terminated). */
int yaml_map_check(const YamlTree *t, const YamlNode *n, const char *const *keys, Failure *f);

/* Each reads a node's value. A NULL node, a key that is not there, leaves *ret alone and is 0. */
int yaml_get_text(const YamlTree *t, const YamlNode *n, size_t max, const char **ret, Failure *f);
/* true and false, also yes/no, on/off */
int yaml_get_bool(const YamlTree *t, const YamlNode *n, bool *ret, Failure *f);
/* decimal or 0x hexadecimal */
int yaml_get_number(const YamlTree *t, const YamlNode *n, uint64_t min, uint64_t max, uint64_t *ret,
        Failure *f);
/* One of n_names names (holes are NULL); its index. */
int yaml_get_name(const YamlTree *t, const YamlNode *n, const char *const *names, size_t n_names,
        int *ret, Failure *f);
/* Checks that n is a list of texts, 1 to max_items, each of 1 to max_text bytes. The caller walks
 * first/next. */
int yaml_check_list(
        const YamlTree *t, const YamlNode *n, size_t max_items, size_t max_text, Failure *f);
