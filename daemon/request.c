/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/request.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/catalogue.h"
#include "profile/chip.h"
#include "profile/profile.h"

static int invalid(Failure *f, const char *option, const char *expected)
{
        return failure_set(
                f, -EINVAL, ERROR_INVALID_OPTION, "Option \"%s\": expected %s.", option, expected);
}

static int check_name(const char *name, Failure *f)
{
        if (strlen(name) > JOB_NAME_MAX)
                return invalid(f, "name", "at most 128 bytes");
        for (const char *p = name; *p; p++)
                if (iscntrl((unsigned char)*p))
                        return invalid(f, "name", "a text without control characters");
        return 0;
}

/* "1-2.3" */
static int check_port(const char *port, Failure *f)
{
        if (strlen(port) >= JOB_PORT_MAX || strspn(port, "0123456789-.") != strlen(port))
                return invalid(f, "device", "a USB port such as 1-2.3");
        return 0;
}

/* As in profiles: they travel as a comma list and are compared with partition names. */
static bool is_pattern(const char *text)
{
        if (!*text || strlen(text) >= JOB_PATTERN_MAX)
                return false;
        for (; *text; text++)
                if (!isascii(*text) || !isgraph((unsigned char)*text) || strchr(",/\\", *text))
                        return false;
        return true;
}

static int check_partitions(char *const *list, Failure *f)
{
        size_t n = 0, total = 0;

        for (; list[n]; n++) {
                if (!is_pattern(list[n]))
                        return invalid(f, "partitions",
                                "names or patterns of at most 79 characters without blanks and "
                                "commas");
                total += strlen(list[n]) + 1;
        }
        if (n == 0 || n > JOB_PARTITIONS_MAX || total > PROFILE_LIST_SIZE_MAX)
                return invalid(f, "partitions", "1 to 64 names or patterns");
        return 0;
}

static int check_profile(JobKind kind, const char *profile, Failure *f)
{
        if (kind == JOB_VERIFY && profile[0])
                return failure_set(f, -EINVAL, ERROR_INVALID_OPTION,
                        "A job of the kind verify has no profile.");
        if (kind == JOB_BACKUP && !profile[0])
                return failure_set(f, -EINVAL, ERROR_NO_SUCH_PROFILE,
                        "A job of the kind backup needs a profile.");
        if (profile[0] && !profile_name_valid(profile))
                return failure_set(f, -EINVAL, ERROR_NO_SUCH_PROFILE,
                        "There is no profile \"%.64s\".", profile);
        return 0;
}

static int check_verify(const char *backup, const char *level, VerifyLevel *ret, Failure *f)
{
        int value = VERIFY_DATA;

        if (!backup_id_valid(backup))
                return invalid(f, "backup", "the id of a backup");
        if (level[0])
                value = verify_level_from_string(level);
        if (value < 0)
                return invalid(f, "level", "structure or data");
        *ret = (VerifyLevel)value;
        return 0;
}

static int check_chip(const char *chip, Failure *f)
{
        if (*chip && (strlen(chip) > JOB_CHIP_MAX || !chip_by_name(chip)))
                return invalid(f, "chip", "the name of a known chip such as MT6765");
        return 0;
}

int request_fill(JobRequest *ret, JobKind kind, const char *profile, const RequestTexts *texts,
        char ***partitions, Failure *f)
{
        _cleanup_(job_request_done) JobRequest request = { .kind = kind };
        int r = check_profile(kind, profile, f);

        r = r ?: check_name(texts->name ?: "", f);
        r = r ?: check_port(texts->port ?: "", f);
        r = r ?: check_chip(texts->chip ?: "", f);
        if (r == 0 && *partitions)
                r = check_partitions(*partitions, f);
        if (r == 0 && kind == JOB_VERIFY)
                r = check_verify(texts->backup ?: "", texts->level ?: "", &request.level, f);
        if (r < 0)
                return r;
        request.profile = strdup(profile);
        request.port = strdup(texts->port ?: "");
        request.name = strdup(texts->name ?: "");
        request.backup = strdup(texts->backup ?: "");
        snprintf(request.chip, sizeof request.chip, "%s", texts->chip ?: "");
        if (!request.profile || !request.port || !request.name || !request.backup)
                return -ENOMEM;
        request.partitions = TAKE_PTR(*partitions);
        *ret = request;
        request = (JobRequest){ 0 };
        return 0;
}
