/* A session: a text that events edit. The text lies around a gap (text before the cursor at the beginning of the room, the rest at its end),
   so that typing costs the same wherever one types. Lines and places are counted from 0.

   move(place)      the cursor, at most to the end; answers with where it is
   insert()         the payload at the cursor
   erase(count)     so many bytes before the cursor, at most 64
   find()           the payload, from the cursor on; the cursor goes behind it, the answer is its place, or -1
   line(number)     writes that line
   undo()           takes back the last insert or erase of 4,096 that are kept; answers 0 when there is none
   length()         of the text
   show()           writes the text */
#include "../sdk/longrun.h"

enum { ROOM = 1 << 18, EDITS = 1 << 12, ERASED = 64, LONGEST = 1 << 12 };

static char room[ROOM], payload[LONGEST];
static uint32_t before, after; /* bytes on both sides of the gap */
static struct {
    uint32_t place, inserted, erased;
    char bytes[ERASED];
} edits[EDITS]; /* what can be taken back; the newest takes the place of the oldest */
static uint32_t done, kept;

static char at(uint32_t place) { return place < before ? room[place] : room[ROOM - after + (place - before)]; }

static void go(uint32_t place) {
    while (before > place)
        room[ROOM - ++after] = room[--before];
    while (before < place)
        room[before++] = room[ROOM - after--];
}

LONGRUN_EVENT(move) uint32_t move(uint32_t place) {
    uint32_t length = before + after;
    go(place < length ? place : length);
    return before;
}

static void keep(uint32_t inserted, uint32_t erased) {
    edits[done % EDITS].place = before;
    edits[done % EDITS].inserted = inserted;
    edits[done++ % EDITS].erased = erased;
    kept += kept < EDITS;
}

LONGRUN_EVENT(insert) uint32_t insert(void) {
    uint32_t count = longrun_read_input(payload, LONGEST);
    if (count > ROOM - before - after)
        count = ROOM - before - after;
    for (uint32_t number = 0; number < count; number++)
        room[before++] = payload[number];
    keep(count, 0);
    return before;
}

LONGRUN_EVENT(erase) uint32_t erase(uint32_t count) {
    if (count > ERASED)
        count = ERASED;
    if (count > before)
        count = before;
    before -= count;
    for (uint32_t number = 0; number < count; number++)
        edits[done % EDITS].bytes[number] = room[before + number];
    keep(0, count);
    return before;
}

LONGRUN_EVENT(undo) uint32_t undo(void) {
    if (!kept)
        return 0;
    kept--;
    done--;
    go(edits[done % EDITS].place);
    before -= edits[done % EDITS].inserted;
    for (uint32_t number = 0; number < edits[done % EDITS].erased; number++)
        room[before++] = edits[done % EDITS].bytes[number];
    return 1;
}

LONGRUN_EVENT(find) int32_t find(void) {
    uint32_t count = longrun_read_input(payload, LONGEST), length = before + after;
    for (uint32_t place = before; place + count <= length; place++) {
        uint32_t same = 0;
        while (same < count && at(place + same) == payload[same])
            same++;
        if (same == count) {
            go(place + count);
            return (int32_t)place;
        }
    }
    return -1;
}

LONGRUN_EVENT(line) uint32_t line(uint32_t number) {
    uint32_t place = 0, length = before + after, size = 0;
    while (place < length && number)
        number -= at(place++) == '\n';
    while (place < length && size < LONGEST && at(place) != '\n')
        payload[size++] = at(place++);
    longrun_write_output(payload, size);
    return size;
}

LONGRUN_EVENT(length) uint32_t length(void) { return before + after; }

LONGRUN_EVENT(show) void show(void) {
    longrun_write_output(room, before);
    longrun_write_output(room + ROOM - after, after);
}
