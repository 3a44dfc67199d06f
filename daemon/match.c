/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/match.h"

#include <string.h>

bool match_may_begin(const Job *j)
{
        return job_is_pending(j) && !j->request.needs_approval && !j->session && !j->run;
}

bool match_port(const Job *j, const char *port)
{
        return j->request.port[0] == 0 || strcmp(j->request.port, port) == 0;
}

/* ---- one job, one phone ---- */

static bool match_mark(const Job *j, const Phone *phone)
{
        char mark[PHONE_MARK_SIZE];

        (void)phone_mark(phone, mark);
        return j->request.mark[0] == 0 || strcmp(j->request.mark, mark) == 0;
}

const Chip *match_chip(const Job *j, const Phone *phone)
{
        const Chip *chip = chip_by_code(phone->hw_code);

        return !chip && j->request.chip[0] ? chip_by_name(j->request.chip) : chip;
}

static bool match_phone(const Manager *m, const Job *j, const Phone *phone)
{
        const Chip *chip = match_chip(j, phone);
        const Profile *p;

        /* a detect job without a profile asks which phone it is */
        if (j->request.profile[0] == 0)
                return true;
        p = profile_set_get(&m->profiles, j->request.profile, NULL);
        if (!p || !match_mark(j, phone))
                return false;
        return profile_matches(p, phone->hw_code) || (chip && profile_matches(p, chip->hw_code));
}

bool match_session(const Manager *m, const Job *j, const Session *s)
{
        return match_phone(m, j, &s->phone) && !match_had(m, j, s);
}

/* ---- the same once more ---- */

static bool equal_lists(char *const *a, char *const *b)
{
        for (; a && *a; a++, b++)
                if (!b || !*b || strcmp(*a, *b) != 0)
                        return false;
        return !b || !*b;
}

bool match_equal(const JobRequest *a, const JobRequest *b)
{
        return a->kind == b->kind && strcmp(a->profile, b->profile) == 0 &&
                strcmp(a->chip, b->chip) == 0 && equal_lists(a->partitions, b->partitions);
}

/* j means any phone but the one that k has. */
static bool means_another(const Job *j, const Job *k)
{
        return k != j && j->request.port[0] == 0 && j->request.mark[0] == 0 &&
                match_equal(&j->request, &k->request);
}

/* It was not in vain, or is not yet, and j was there before it was through with its phone. */
static bool counts(const Job *j, const Job *k)
{
        return (k->state == JOB_DONE || !job_is_final(k)) && j->id < k->begun_before;
}

const Job *match_had(const Manager *m, const Job *j, const Session *s)
{
        char mark[PHONE_MARK_SIZE];

        (void)phone_mark(&s->phone, mark);
        for (size_t i = 0; i < queue_count(m->queue); i++) {
                const Job *k = queue_at(m->queue, i);

                if (k->begun_in == 0 || !means_another(j, k))
                        continue;
                if (k->begun_in == s->number)
                        return k;
                if (mark[0] && strcmp(k->begun_with, mark) == 0 && counts(j, k))
                        return k;
        }
        return NULL;
}

const Job *match_had_at(const Manager *m, const Job *j, const char *port)
{
        const Job *last = NULL;

        for (size_t i = 0; i < queue_count(m->queue); i++) {
                const Job *k = queue_at(m->queue, i);

                if (k->begun_in > 0 && strcmp(k->port, port) == 0 &&
                        (!last || k->begun_in >= last->begun_in))
                        last = k;
        }
        return last && means_another(j, last) && counts(j, last) ? last : NULL;
}

/* ---- all jobs, all phones ---- */

/* Another session has it, but whether its phone is one for the job has still to be seen. */
static bool is_in_doubt(const Manager *m, const Job *j, const Session *s)
{
        return job_is_pending(j) && j->session && j->session != s &&
                !(j->session->phone.identified && match_session(m, j, j->session));
}

bool match_may_take(const Manager *m, const Job *j, const Session *s)
{
        return match_may_begin(j) || is_in_doubt(m, j, s);
}

Job *match_next(const Manager *m, const char *port, const Session *s)
{
        Job *in_doubt = NULL;

        for (size_t i = 0; i < queue_count(m->queue); i++) {
                Job *j = queue_at(m->queue, i);
                bool free = match_may_begin(j);

                if (!job_needs_device(j) || !match_port(j, port) ||
                        (s ? !match_session(m, j, s) : !free))
                        continue;
                if (free)
                        return j;
                if (!in_doubt && is_in_doubt(m, j, s))
                        in_doubt = j;
        }
        return in_doubt;
}

bool match_again(const Job *j, const Device *d)
{
        return match_may_begin(j) && job_needs_device(j) && match_port(j, d->port) &&
                !j->request.automatic && j->id >= d->next_job;
}

bool match_free(const Manager *m, const Device *d, const Job *j)
{
        if (!d->attached || d->session)
                return false;
        if (d->state == DEVICE_ATTACHED)
                return true;
        if (d->state != DEVICE_LEFT_ALONE)
                return false;
        for (size_t i = 0; !j && i < queue_count(m->queue); i++)
                if (match_again(queue_at(m->queue, i), d))
                        return true;
        return j && match_again(j, d);
}

bool match_later(const Manager *m, const Job *j)
{
        for (size_t i = 0; i < m->devices.n; i++) {
                const Session *s = m->devices.list[i]->session;

                if (!s || session_is_leaving(s) || !match_port(j, s->port))
                        continue;
                if (s->job && means_another(j, s->job))
                        continue;
                if (!s->phone.identified || match_session(m, j, s))
                        return true;
        }
        return false;
}
