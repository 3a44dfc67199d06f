/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Commands and dialogues with an XML download agent (doc/xml.md 1 and 3).
 *
 * The phone leads: it says START, takes one command, holds the dialogues of that command (it sends
 * a file, wants one, reports progress, asks about files) and says END with a result. Every message of
 * it is answered with OK. Only <result> says whether a command worked; <message> may hold old texts.
 * A phone that is not answered waits for ever, so every way out of a dialogue answers what is open. */

#include "basic/failure.h"
#include "protocol/session.h"
#include "protocol/xml-text.h"
#include "transport/transport.h"

enum {
        XML_READ_PACKET = 2 * 1024 * 1024, /* what a Windows host gets */
        XML_PACKET_MAX = 16 * 1024 * 1024, /* of data; agents use 2 MiB at most */
        XML_DIALOGUES_MAX = 256,           /* in one command */
        XML_PROGRESS_MAX = 100000,         /* lines of one progress report */
        XML_LOGS_MAX = 100000,             /* log packets between two messages */
};

/* milliseconds */
enum {
        XML_START_MS = 10000,
        XML_ANSWER_MS = 10000,
        XML_INIT_MS = 60000,
        XML_DATA_MS = 30000,
};

typedef struct XmlLink {
        Transport *transport; /* borrowed */
        char *text;           /* the last message, XML_TEXT_MAX + 1 bytes */
        size_t size;
        char result[XML_VALUE_MAX], message[XML_VALUE_MAX]; /* of the last END */
} XmlLink;

/* What a command may ask of the host. */
typedef struct XmlCommand {
        const char *name;      /* "READ-FLASH" */
        const char *version;   /* NULL: "1.0" */
        const char *arguments; /* elements inside <arg>, NULL for none */
        const char *advanced;  /* elements inside <adv> */
        unsigned answer_ms;    /* until END; 0: XML_ANSWER_MS */
        bool last;             /* no START follows: the phone restarts */

        /* a file the phone wants */
        const uint8_t *upload;
        size_t upload_size;

        /* a file the phone sends: its size must be expect unless that is UINT64_MAX */
        DaSink sink;
        void *userdata;
        uint64_t expect;
} XmlCommand;

typedef enum XmlResult {
        XML_RESULT_OK,
        XML_RESULT_ERR,         /* link->message says why */
        XML_RESULT_UNSUPPORTED, /* this build does not know the command */
} XmlResult;

int xml_link_init(XmlLink *link, Transport *t);
void xml_link_done(XmlLink *link);

/* One command, up to the START behind its END, so that the phone has nothing to say afterwards. Returns an XmlResult (no Failure is set),
 * what the sink returned (the command was cancelled and ended properly), or a negative error with
 * the Failure: -ENODEV, -EPROTO, -ETIMEDOUT leave the link unusable. */
int xml_command(XmlLink *link, const XmlCommand *command, Failure *f);
/* Waits for the first START after an agent was started. */
int xml_wait_start(XmlLink *link, unsigned ms, Failure *f);
/* The last END as a Failure (ERROR_DEVICE_REFUSED, or ERROR_AUTH_REQUIRED where its text says so).
 * Returns -EREMOTEIO. */
int xml_refused(const XmlLink *link, const char *what, Failure *f);
