/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Our host code against what real device code answered (tests/data/transcripts).
 *
 * Besides what our worker does by itself every recorded question and read is repeated.
 *
 * A recording becomes a table of exchanges: what a host said from a command on, and what came back
 * at which point, in which packets. The peer plays it to our code, which asks in its own order:
 * whatever begins like a recorded exchange is answered as recorded. Loader commands the recording
 * lacks are answered as the same loader does elsewhere. What an agent's command looks like, and what
 * long answers contain where the recording does not show it, a RecordedFamily knows. */

#include <ctype.h>
#include <fcntl.h>

#include "basic/fd.h"
#include "peer.h"
#include "protocol/da-families.h"
#include "protocol/handshake.h"

enum { STEPS_MAX = 4096, SAID_MAX = 512, KNOWN_MAX = 400, FRAME_HEAD = 12 };

typedef struct Step {
        bool host, shown;
        size_t size, packets;
        uint8_t known[KNOWN_MAX];
        bool mask[KNOWN_MAX];
        size_t n_known;
} Step;

typedef enum Stage { LOADER, START, STAGE1, STAGE2, _STAGES } Stage;

typedef struct Recording {
        Step steps[STEPS_MAX];
        size_t n;
        size_t begin[_STAGES + 1]; /* of the stages, steps; the last is the end */
        uint32_t agent_size;
        uint16_t agent_sum;

        /* where the conversation stands */
        Stage stage;
        struct {
                uint8_t data[KNOWN_MAX];
                size_t size;
        } said[SAID_MAX]; /* the host's transfers of this exchange */
        size_t n_said;
        size_t current;         /* first step of the exchange that is being played */
        bool played[STEPS_MAX]; /* exchanges, by their first step */
} Recording;

typedef struct RecordedFamily {
        uint16_t hw_code; /* of the phone, where a recording does not ask for it */
        uint8_t version;  /* of its loader, likewise */
        bool stays;       /* at the end the host went, not the phone */
        /* Says where its stages begin, when all steps are known. */
        void (*find_stages)(void);
        /* Does a command of its agent begin with this step of the host? */
        bool (*begins)(size_t i);
        /* Is transfer k of the exchange this one? NULL: the same bytes. */
        bool (*matches)(const Step *s, size_t k);
        /* Fills an answer in, before the shown bytes are put over it. */
        void (*fill)(size_t i, uint8_t *data);
        /* Answers what was not recorded; false when it cannot. */
        bool (*say_default)(Peer *p, const uint8_t *data, size_t size);
        /* Does the agent's next stage answer behind this exchange? */
        bool (*next_stage)(void);
} RecordedFamily;

static Recording rec;
static const RecordedFamily *family;

/* ---- reading ---- */

static inline void parse_pattern(Step *s, const char *hex)
{
        s->shown = true;
        for (; (isxdigit((unsigned char)hex[0]) || hex[0] == '?') && hex[1]; hex += 2) {
                unsigned v = 0;

                assert_true(s->n_known < KNOWN_MAX);
                s->mask[s->n_known] = hex[0] != '?' && sscanf(hex, "%2x", &v) == 1;
                s->known[s->n_known++] = (uint8_t)v;
        }
}

/* A payload, which other hosts send in pieces and with empty packets in between. */
static inline void add_payload(const char *line)
{
        size_t size = 0, times = 1;

        if (line[2] == '*')
                assert_true(sscanf(line + 3, "%zux%zu", &size, &times) >= 1);
        if (rec.n > 0 && rec.steps[rec.n - 1].host && !rec.steps[rec.n - 1].shown)
                rec.steps[rec.n - 1].size += size * times;
        else if (size > 0)
                rec.steps[rec.n++] = (Step){ .host = true, .size = size * times };
}

static inline void add_step(const char *line)
{
        Step *s = &rec.steps[rec.n];
        int used = 0;

        assert_true(rec.n < STEPS_MAX - 1);
        if (line[0] == '>' && (line[2] == '*' || line[2] == '-')) {
                add_payload(line);
                return;
        }
        *s = (Step){ .host = line[0] == '>' };
        if (line[0] == '>' && line[2] == '<') { /* a text */
                s->shown = true;
                s->size = s->n_known = strlen(line + 3) + 1;
                assert_true(s->size <= KNOWN_MAX);
                memcpy(s->known, line + 3, s->size);
                memset(s->mask, 1, s->size);
        } else if (s->host) {
                parse_pattern(s, line + 2);
                s->size = s->n_known;
                if (rec.n > 0 && s[-1].host && !s[-1].shown) { /* the end of a payload */
                        s[-1].size += s->size;
                        return;
                }
        } else {
                assert_int_equal(sscanf(line, "< %zu/%zu %n", &s->size, &s->packets, &used), 2);
                parse_pattern(s, line + used);
        }
        rec.n++;
}

static inline bool step_says(size_t i, const char *hex)
{
        uint8_t data[64];
        size_t n = script_hex(hex, data, sizeof(data));

        return i < rec.n && rec.steps[i].n_known >= n && memcmp(rec.steps[i].known, data, n) == 0 &&
                rec.steps[i].mask[0];
}

static inline bool begins_exchange(Stage stage, size_t i)
{
        if (i >= rec.begin[stage + 1])
                return true;
        if (!rec.steps[i].host)
                return false;
        return stage == LOADER ? rec.steps[i].shown && rec.steps[i].size == 1
                               : stage != START && family->begins(i);
}

/* Reads one power-on of a recording; they count from 0. False when there are not so many. */
static inline bool load(const RecordedFamily *which, const char *name, int power)
{
        char path[512], *line, *rest;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int at = -1;

        memset(&rec, 0, sizeof(rec));
        family = which;
        snprintf(path, sizeof(path), TEST_DATA "/transcripts/%s.txt", name);
        assert_int_equal(file_read_at(AT_FDCWD, path, 1 << 20, &text, &size), 0);
        for (rest = text; (line = strsep(&rest, "\n"));) {
                at += strcmp(line, "power") == 0;
                if (at != power)
                        continue;
                if (line[0] == '>' || line[0] == '<')
                        add_step(line);
                else if (strncmp(line, "agent ", 6) == 0)
                        assert_int_equal(
                                sscanf(line, "agent %u %hx", &rec.agent_size, &rec.agent_sum), 2);
        }
        family->find_stages();
        return rec.n > 0;
}

/* ---- playing ---- */

static inline bool host_step_matches(const Step *s, size_t k)
{
        if (rec.stage > START && family->matches)
                return family->matches(s, k);
        if (s->size != rec.said[k].size)
                return false;
        /* our settings are our own */
        return !s->shown || rec.stage == START || memcmp(s->known, rec.said[k].data, s->size) == 0;
}

/* The step behind the last thing the host said in this exchange, or 0 when it is another one. */
static inline size_t follow(size_t first)
{
        size_t i = first, k = 0;

        while (k < rec.n_said) {
                while (i < rec.begin[rec.stage + 1] && !rec.steps[i].host)
                        i++;
                if (k > 0 && begins_exchange(rec.stage, i))
                        return 0;
                if (!host_step_matches(&rec.steps[i], k))
                        return 0;
                i++;
                k++;
        }
        return i;
}

static inline bool is_frames(const Step *s)
{
        static const uint8_t magic[] = { 0xef, 0xee, 0xee, 0xfe };

        return s->n_known >= 4 && memcmp(s->known, magic, 4) == 0;
}

/* Packets that begin at the borders of frames: byte by byte up to 12 bytes, or whole. False when
 * that makes another number of packets than were recorded. */
static inline bool say_frames(Peer *p, const uint8_t *data, const Step *s, bool bytes, bool really)
{
        size_t packets = 0, part = FRAME_HEAD;
        bool head = true;

        for (size_t at = 0; at < s->size; at += part, head = !head) {
                size_t pieces;

                part = head ? FRAME_HEAD : get_le32(data + at - 4);
                part = MIN(part, s->size - at);
                pieces = bytes && part <= FRAME_HEAD ? part : 1;
                packets += pieces;
                for (size_t i = 0; really && i < pieces; i++)
                        peer_say(p, data + at + i * part / pieces, part / pieces);
        }
        return packets == s->packets;
}

static inline void say_step(Peer *p, size_t step)
{
        const Step *s = &rec.steps[step];
        uint8_t *data = calloc(1, s->size);

        assert_non_null(data);
        if (rec.stage != LOADER)
                family->fill(step, data);
        for (size_t i = 0; i < s->n_known; i++)
                if (s->mask[i])
                        data[i] = s->known[i];

        if (s->packets == s->size || s->packets == (s->size + 511) / 512 || !is_frames(s)) {
                size_t part = s->packets == s->size ? 1 : s->size > 512 ? 512 : 0;

                for (size_t i = 0, at = 0; i < s->packets; i++, at += part) {
                        size_t to = part ? at + part : s->size * (i + 1) / s->packets;

                        if (!part)
                                at = s->size * i / s->packets;
                        peer_say(p, data + at, MIN(to, s->size) - at);
                }
        } else {
                bool bytes = say_frames(p, data, s, true, false);

                if (!bytes && !say_frames(p, data, s, false, false))
                        fail_msg("%zu bytes in %zu packets are no known form", s->size, s->packets);
                say_frames(p, data, s, bytes, true);
        }
        free(data);
}

/* What the same loader says to commands that this recording lacks. */
static inline void loader_default(Peer *p, const uint8_t *data, size_t size)
{
        static const struct {
                uint8_t command;
                const char *answer;
        } answers[] = {
                { 0xfd, "fd 00 00 00 00" },
                { 0xfc, "fc 8a 00 ca 00 02 00 00 00" },
                { 0xfe, "00" },
                { 0xd8, "d8 00 00 00 00 00 00" },
                { 0xfb, "fb" },
                { 0xe1, "e1" },
                { 0xe7, "e7" },
        };
        uint8_t answer[16];

        for (size_t i = 0; rec.stage == LOADER && i < ELEMENTS(answers); i++)
                if (size == 1 && data[0] == answers[i].command) {
                        size_t n = script_hex(answers[i].answer, answer, sizeof(answer));

                        if (data[0] == 0xfd)
                                put_be16(answer + 1, family->hw_code);
                        if (data[0] == 0xfe)
                                answer[0] = family->version;
                        peer_say(p, answer, n);
                        return;
                }
        if (rec.stage == LOADER || !family->say_default(p, data, size))
                p->problem = "nothing like this was recorded";
}

/* The exchange to play: the one that is going on, one that was not played yet, or any. Returns the
 * step from which on the phone answers, 0 for none. */
static inline size_t choose(void)
{
        size_t next = rec.n_said > 1 ? follow(rec.current) : 0;

        for (int again = 0; again < 2 && !next; again++)
                for (size_t i = rec.begin[rec.stage]; i < rec.begin[rec.stage + 1] && !next; i++)
                        if ((i == rec.begin[rec.stage] || begins_exchange(rec.stage, i)) &&
                                (again || !rec.played[i])) {
                                next = follow(i);
                                rec.current = i;
                        }
        return next;
}

static inline void play_hear(Peer *p, const uint8_t *data, size_t size)
{
        size_t next;

        assert_true(rec.n_said < SAID_MAX);
        rec.said[rec.n_said].size = size;
        memcpy(rec.said[rec.n_said++].data, data, MIN(size, sizeof(rec.said[0].data)));
        next = choose();
        if (!next) {
                rec.n_said = 0;
                loader_default(p, data, size);
                return;
        }
        for (; next < rec.begin[rec.stage + 1] && !rec.steps[next].host; next++)
                say_step(p, next);
        if (!begins_exchange(rec.stage, next))
                return;
        rec.played[rec.current] = true;
        if (next == rec.n && rec.steps[next - 1].host && !family->stays)
                p->gone = true; /* nobody saw an answer: that is where the phone vanished */
        if (rec.stage == START || (rec.stage == STAGE1 && family->next_stage()) ||
                (rec.stage == LOADER && rec.said[0].data[0] == 0xd5))
                rec.stage++;
        rec.n_said = 0;
        /* the byte that an agent says first belongs to no command */
        if (rec.stage == START && next == rec.begin[START] && next < rec.n)
                say_step(p, next);
}

/* ---- at the end ---- */

static inline bool same_form(size_t a, size_t b)
{
        Stage stage = STAGE1;

        for (size_t i = 0;; i++) {
                const Step *s = &rec.steps[a + i], *t = &rec.steps[b + i];
                bool ends = i > 0 && begins_exchange(stage, a + i);

                if (i > 0 && ends != begins_exchange(stage, b + i))
                        return false;
                if (ends)
                        return true;
                if (s->host != t->host || s->size != t->size || s->packets != t->packets)
                        return false;
        }
}

/* Every form of exchange with the agent was met: this one, or another of the same lengths and
 * packets. For agents with one stage. */
static inline void assert_all_met(const char *name)
{
        for (size_t i = rec.begin[STAGE1]; i < rec.n; i++) {
                bool met = rec.played[i];

                if (!rec.steps[i].host || !begins_exchange(STAGE1, i))
                        continue;
                for (size_t k = rec.begin[STAGE1]; k < rec.n && !met; k++)
                        met = rec.played[k] && same_form(i, k);
                if (!met)
                        fail_msg("%s: what begins with step %zu (%.300s) was not met", name, i,
                                rec.steps[i].known);
        }
}

/* ---- our host ---- */

/* One visit to the phone, the way our worker goes. */
typedef struct Visit {
        Peer peer;
        BootIdentity id;
        DaSession *session; /* NULL before the agent */
        Failure failure;
} Visit;

/* as recorded, byte by byte, and in whole answers */
static const size_t visit_packets[] = { 0, 1, 65536 };

static uint8_t stage1[512 * 1024], stage2[512 * 1024];
static DaAgent agent;

/* Stages of the recorded sizes; the sum of the first is the recorded one, too. */
static inline void set_agent(DaFamily of, uint32_t address1, uint32_t address2, size_t size2)
{
        memset(stage1, 0, sizeof(stage1));
        put_le16(stage1, rec.agent_sum);
        agent = (DaAgent){ .family = of,
                .stage1 = { .data = stage1,
                        .size = rec.agent_size,
                        .sig_size = 0x100,
                        .address = address1 },
                .stage2 = {
                        .data = stage2, .size = size2, .sig_size = 0x100, .address = address2 } };
}

/* As far as the loader, which has said what the phone is. */
static inline Transport *visit_loader(Visit *v, void (*hear)(Peer *, const uint8_t *, size_t))
{
        Transport *t;

        *v = (Visit){ 0 };
        t = peer_init(&v->peer, hear);
        peer_say(&v->peer, "READY", 5);
        assert_int_equal(handshake(t, 1000, &v->failure), 0);
        if (boot_identify(t, &v->id, &v->failure) < 0)
                fail_msg("%s (%s)", v->failure.text, v->peer.problem);
        return t;
}

/* As far as an agent that runs; what da_session_start says. */
static inline int visit_start(
        Visit *v, void (*hear)(Peer *, const uint8_t *, size_t), size_t packet)
{
        Transport *t = visit_loader(v, hear);
        DaTarget target = { .identity = &v->id, .agent = &agent };

        assert_int_equal(da_session_new(t, &target, &v->session, &v->failure), 0);
        v->peer.packet = packet;
        return da_session_start(v->session, &v->failure);
}

/* Likewise, of a phone that has told about its storage as well. */
static inline DaSession *visit(
        Visit *v, void (*hear)(Peer *, const uint8_t *, size_t), const char *name, size_t packet)
{
        if (visit_start(v, hear, packet) < 0 || da_session_info(v->session, &v->failure) < 0)
                fail_msg("%s: %s (%s)", name, v->failure.text, v->peer.problem);
        return v->session;
}

/* The phone was asked for nothing but what was recorded. */
static inline void visit_end(Visit *v, const char *name)
{
        if (v->peer.problem)
                fail_msg("%s: %s", name, v->peer.problem);
        da_session_free(v->session);
        peer_free(&v->peer.transport);
}
