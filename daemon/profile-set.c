/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/profile-set.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "basic/fd.h"
#include "daemon/text.h"

void profile_set_done(ProfileSet *s)
{
        for (size_t i = 0; i < s->n; i++)
                profile_free(s->entries[i].profile);
        free(s->entries);
        *s = (ProfileSet){ 0 };
}

static ProfileEntry *find(const ProfileSet *s, const char *name)
{
        for (size_t i = 0; i < s->n; i++)
                if (strcmp(s->entries[i].name, name) == 0)
                        return s->entries + i;
        return NULL;
}

/* The entry of this name, empty; NULL when there are too many. */
static ProfileEntry *make_entry(ProfileSet *s, const char *name)
{
        ProfileEntry *e = find(s, name);
        size_t i = s->n;

        if (!e) {
                if (s->n == PROFILE_SET_MAX)
                        return NULL;
                for (; i > 0 && strcmp(s->entries[i - 1].name, name) > 0; i--)
                        s->entries[i] = s->entries[i - 1];
                e = s->entries + i;
                s->n++;
        } else
                profile_free(e->profile);
        *e = (ProfileEntry){ 0 };
        snprintf(e->name, sizeof e->name, "%s", name);
        return e;
}

/* "mt6765" of "mt6765.yaml"; false for files that are none of ours */
static bool name_of_file(const char *file, char *out, size_t size)
{
        size_t n = strlen(file);

        if (n <= strlen(".yaml") || strcmp(file + n - strlen(".yaml"), ".yaml") != 0)
                return false;
        n -= strlen(".yaml");
        if (n >= size)
                return false;
        memcpy(out, file, n);
        out[n] = 0;
        return profile_name_valid(out);
}

static int load_file(ProfileEntry *e, int dir, const char *directory, const char *file)
{
        _cleanup_free_ char *text = NULL, *path = NULL;
        size_t size;
        int r;

        if (asprintf(&path, "%s/%s", directory, file) < 0)
                return -ENOMEM;
        r = file_read_at(dir, file, PROFILE_SIZE_MAX, &text, &size);
        if (r == 0)
                r = profile_parse(e->name, path, text, size, &e->profile, &e->failure);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                failure_set(&e->failure, r, ERROR_INVALID_PROFILE, "%s cannot be read: %s.", path,
                        strerror(-r));
        text_clean(e->failure.text);
        return 0;
}

static int load_directory(ProfileSet *s, const char *directory, bool shipped)
{
        _cleanup_closedir_ DIR *d = opendir(directory);
        char name[PROFILE_NAME_MAX + 1];
        struct dirent *file;

        if (!d)
                return errno == ENOENT ? 0 : -errno;
        while ((errno = 0, file = readdir(d))) {
                ProfileEntry *e;
                int r;

                if (!name_of_file(file->d_name, name, sizeof name))
                        continue;
                e = make_entry(s, name);
                if (!e)
                        return -E2BIG;
                r = load_file(e, dirfd(d), directory, file->d_name);
                if (r < 0)
                        return r;
                if (e->profile)
                        e->profile->shipped = shipped;
        }
        return -errno;
}

int profile_set_load(ProfileSet *s, const char *const *directories)
{
        _cleanup_(profile_set_done) ProfileSet loaded = { 0 };
        int r = 0;

        loaded.entries = calloc(PROFILE_SET_MAX, sizeof *loaded.entries);
        if (!loaded.entries)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && directories[i]; i++)
                r = load_directory(&loaded, directories[i], i == 0);
        if (r < 0)
                return r;
        profile_set_done(s);
        *s = loaded;
        loaded = (ProfileSet){ 0 };
        return 0;
}

const Profile *profile_set_get(const ProfileSet *s, const char *name, Failure *f)
{
        const ProfileEntry *e = find(s, name);

        if (e && e->profile)
                return e->profile;
        if (e && f && !failure_is_set(f))
                *f = e->failure;
        else if (!e) {
                failure_set(f, 0, ERROR_NO_SUCH_PROFILE, "There is no profile \"%.64s\".", name);
                failure_hint(f, "mtkbackupctl profiles lists those there are.");
        }
        return NULL;
}
