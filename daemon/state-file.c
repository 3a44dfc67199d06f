/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/state-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "basic/fd.h"

static int read_text(const StateFile *file, const char *text, size_t size, void *userdata)
{
        json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        int r = -EBADMSG;

        if (json_integer_value(json_object_get(root, "version")) == file->version)
                r = file->read(userdata, root);
        json_decref(root);
        return r;
}

int state_file_load(int dir, const StateFile *file, void *userdata)
{
        _cleanup_free_ char *text = NULL;
        char bad[NAME_MAX + 1];
        size_t size;
        int r = file_read_at(dir, file->name, file->size_max, &text, &size);

        if (r == -ENOENT)
                return 0;
        if (r == 0)
                r = read_text(file, text, size, userdata);
        if (r != -EBADMSG && r != -EFBIG && r != -EINVAL)
                return r;
        snprintf(bad, sizeof bad, "%s.bad", file->name);
        return renameat(dir, file->name, dir, bad) < 0 ? -errno : 1;
}

int state_file_save(int dir, const StateFile *file, json_t *root)
{
        _cleanup_free_ char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;

        json_decref(root);
        if (!text)
                return -ENOMEM;
        return file_replace_at(dir, file->name, text, strlen(text), 0600);
}
