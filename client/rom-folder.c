/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/rom-folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "client/error.h"
#include "format/scatter.h"

static int add(RomFolder *f, const char *partition, const char *file)
{
        RomFile *bigger;

        if (f->n_files == ROM_FOLDER_FILES_MAX || strlen(partition) > LAYOUT_NAME_MAX)
                return 0; /* no flash tool knows what to do with it either */
        if (f->n_files % 64 == 0) {
                bigger = reallocarray(f->files, f->n_files + 64, sizeof(*bigger));
                if (!bigger)
                        return -ENOMEM;
                f->files = bigger;
        }
        f->files[f->n_files] = (RomFile){ .file = strdup(file) };
        if (!f->files[f->n_files].file)
                return -ENOMEM;
        strcpy(f->files[f->n_files++].partition, partition);
        return 0;
}

const char *rom_folder_file(const RomFolder *f, const char *partition)
{
        for (size_t i = 0; i < f->n_files; i++)
                if (strcasecmp(f->files[i].partition, partition) == 0)
                        return f->files[i].file;
        return NULL;
}

char *rom_folder_verified(const char *file)
{
        const char *dot = strrchr(file, '.');
        size_t stem = dot ? (size_t)(dot - file) : strlen(file);
        char *name;

        return asprintf(&name, "%.*s-verified%s", (int)stem, file, dot ?: "") < 0 ? NULL : name;
}

static bool is_scatter_name(const char *name)
{
        const char *dot = strrchr(name, '.');

        return strcasestr(name, "scatter") && dot &&
                (strcasecmp(dot, ".txt") == 0 || strcasecmp(dot, ".xml") == 0) &&
                strcasecmp(name, "scatter_checksum.xml") != 0;
}

static int by_name(const void *a, const void *b)
{
        return strcmp(((const RomFile *)a)->partition, ((const RomFile *)b)->partition);
}

static bool is_regular(int fd, const char *name)
{
        struct stat st;

        return fstatat(fd, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

/* Every file under its name without the ending; the first scatter file that is met on the way. */
static int list_files(RomFolder *f)
{
        _cleanup_closedir_ DIR *dir = NULL;
        int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct dirent *entry;
        int r;

        dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir)
                return -errno;
        while ((entry = readdir(dir))) {
                const char *name = entry->d_name, *dot = strrchr(name, '.');
                _cleanup_free_ char *stem = NULL;

                if (name[0] == '.' || !is_regular(f->fd, name))
                        continue;
                if (is_scatter_name(name)) {
                        if (!f->scatter || strcmp(name, f->scatter) < 0) {
                                free(f->scatter);
                                f->scatter = strdup(name);
                        }
                        continue;
                }
                stem = strndup(name, dot ? (size_t)(dot - name) : strlen(name));
                r = stem ? add(f, stem, name) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        if (f->n_files > 0)
                qsort(f->files, f->n_files, sizeof(*f->files), by_name);
        return 0;
}

static int read_scatter(RomFolder *f, int dir, const char *name)
{
        _cleanup_(scatter_freep) Scatter *scatter = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = file_read_at(dir, name, SCATTER_SIZE_MAX, &text, &size);

        if (r == 0)
                r = scatter_read(name, text, size, &scatter);
        if (r < 0)
                return r;
        for (size_t i = 0; i < f->n_files; i++)
                free(f->files[i].file);
        f->n_files = 0;
        for (size_t i = 0; i < scatter->n_sections; i++)
                for (size_t k = 0; k < scatter->sections[i]->n_parts; k++) {
                        const Partition *p = &scatter->sections[i]->parts[k];

                        if (p->file_name[0] == 0 || rom_folder_file(f, p->name))
                                continue;
                        r = add(f, p->name, p->file_name);
                        if (r < 0)
                                return r;
                }
        return 0;
}

int rom_folder_open(const char *path, const char *scatter, RomFolder **ret)
{
        _cleanup_(rom_folder_freep) RomFolder *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return error_errno(-ENOMEM, "cannot open %s", path);
        f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->fd < 0)
                return error_file(-errno, path);
        r = list_files(f);
        if (r < 0)
                return error_file(r, path);
        if (scatter) {
                free(f->scatter);
                f->scatter = strdup(scatter);
                r = f->scatter ? read_scatter(f, AT_FDCWD, scatter) : -ENOMEM;
        } else if (f->scatter)
                r = read_scatter(f, f->fd, f->scatter);
        if (r == -EBADMSG)
                return error_fail(ERROR_INVALID_FILE, "%s is no scatter file", f->scatter);
        if (r < 0)
                return error_file(r, f->scatter ?: path);
        *ret = TAKE_PTR(f);
        return 0;
}

RomFolder *rom_folder_free(RomFolder *f)
{
        if (!f)
                return NULL;
        fd_close(f->fd);
        for (size_t i = 0; i < f->n_files; i++)
                free(f->files[i].file);
        free(f->files);
        free(f->scatter);
        free(f);
        return NULL;
}
