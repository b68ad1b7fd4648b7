/*
 * A statement, as tools/sql2c.sh makes it from sql/<name>.sql.
 *
 * The head of such a file is a comment; these words in it are read:
 *     -- lane: slow      goes to the pool's lane for slow statements
 *     -- kind: read      changes nothing: may be sent again after a lost
 *                        connection; all others are writes
 *     -- kind: point read
 *                        the same, of a few rows by their keys: it holds
 *                        up nobody who is sent behind it
 * A line "-- include: list" stands for the file sql/parts/list.sql.
 */

#ifndef _DT_SQL_H_INCLUDED_
#define _DT_SQL_H_INCLUDED_


#define DT_SQL_READ    0x01
#define DT_SQL_SLOW    0x02
#define DT_SQL_POINT   0x04

#define DT_SQL_PARAMS  16


typedef struct {
    const char  *name;       /* also the name it is prepared under */
    const char  *text;
    unsigned     nparams;    /* the highest $n in the text */
    unsigned     flags;
} dt_sql_t;


#endif /* _DT_SQL_H_INCLUDED_ */
