/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/input.h"

#include <errno.h>

#include "client/backup-input.h"
#include "client/error.h"

int input_file_open(FileSource *f, const char *word)
{
        int r;

        if (backup_input_is(word))
                return backup_input_open(word, f);
        r = file_source_open(f, word);
        if (r == -ESPIPE)
                return error_fail(ERROR_INVALID_FILE,
                        "%s: only a file or a disk can be read here, since it has to be read in "
                        "more than one place",
                        word);
        return r < 0 ? error_file(r, word) : 0;
}

int input_open(Input *i, const char *path)
{
        int r;

        *i = (Input){ .path = path, .file = { .fd = -1 } };
        r = input_file_open(&i->file, path);
        if (r != 0)
                return r;
        i->source = &i->file.source;
        r = sparse_source_new(&i->file.source, &i->sparse);
        if (r == -ENOENT)
                return 0;
        if (r == -EBADMSG || r == -EPROTONOSUPPORT)
                return error_fail(ERROR_INVALID_FILE,
                        "%s is a sparse image that is cut or damaged; “mtkbackupctl inspect” says "
                        "more",
                        path);
        if (r < 0)
                return error_file(r, path);
        i->source = sparse_source(i->sparse);
        return 0;
}

void input_close(Input *i)
{
        i->sparse = sparse_source_free(i->sparse);
        if (i->path)
                file_source_close(&i->file);
        *i = (Input){ 0 };
}
