// A text adventure: one command in each line of standard input, as in "go north", "take lamp", "look". The end of the input ends the game.
// Exit code 0 when the treasure has been brought home, 1 otherwise.
#include <stdio.h>
#include <string.h>

enum room { HOME, GARDEN, WELL, CAVE, HALL, VAULT, ROOMS, NOWHERE = -1, CARRIED = -2 };
enum thing { LAMP, ROPE, KEY, CROWN, THINGS };

static const char *const about[ROOMS] = {
    "You are in your kitchen. The door to the north is open.",
    "You are in a wild garden. A path leads east to an old well; your kitchen lies south.",
    "You are beside the well. It is deep, and dry. The garden is west.",
    "You are in a cave at the bottom of the well. A passage leads north.",
    "You are in a hall of stone. There is an iron door to the east and a passage south.",
    "You are in a vault of blue light. The hall is west.",
};
static const char *const directions[] = {"north", "south", "east", "west", "up", "down"};
static const int exits[ROOMS][6] = {
    {GARDEN, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE}, {NOWHERE, HOME, WELL, NOWHERE, NOWHERE, NOWHERE},
    {NOWHERE, NOWHERE, NOWHERE, GARDEN, NOWHERE, CAVE},    {HALL, NOWHERE, NOWHERE, NOWHERE, WELL, NOWHERE},
    {NOWHERE, CAVE, VAULT, NOWHERE, NOWHERE, NOWHERE},     {NOWHERE, NOWHERE, NOWHERE, HALL, NOWHERE, NOWHERE},
};
static const char *const names[THINGS] = {"lamp", "rope", "key", "crown"};
static int places[THINGS] = {HOME, GARDEN, CAVE, VAULT};
static int room = HOME, rope_tied, door_open, turns;

static int dark(void) { return (room == CAVE || room == HALL) && places[LAMP] != CARRIED && places[LAMP] != room; }

static void look(void) {
    if (dark()) {
        puts("It is too dark to see anything.");
        return;
    }
    puts(about[room]);
    if (room == WELL && rope_tied)
        puts("Your rope hangs down into it.");
    for (int thing = 0; thing < THINGS; thing++)
        if (places[thing] == room)
            printf("There is a %s here.\n", names[thing]);
}

static int find(const char *const *list, int count, const char *word) {
    for (int i = 0; i < count; i++)
        if (!strcmp(list[i], word))
            return i;
    return -1;
}

static void go(const char *word) {
    int direction = find(directions, 6, word);
    int to = direction < 0 ? NOWHERE : exits[room][direction];
    if (to == NOWHERE)
        puts("You cannot go there.");
    else if (room == WELL && to == CAVE && !rope_tied)
        puts("It is too deep to climb down without help.");
    else if (to == VAULT && !door_open)
        puts("The iron door is locked.");
    else if (dark() && to == HALL)
        puts("You stumble about in the dark and find no way.");
    else {
        room = to;
        look();
    }
}

static void move(const char *word, int from, int to, const char *done) {
    int thing = find(names, THINGS, word);
    if (thing < 0 || places[thing] != from || (from != CARRIED && dark()))
        puts(from == CARRIED ? "You do not have that." : "You see no such thing.");
    else {
        places[thing] = to;
        printf("%s the %s.\n", done, names[thing]);
    }
}

static void use(const char *word) {
    int thing = find(names, THINGS, word);
    if (thing < 0 || places[thing] != CARRIED)
        puts("You do not have that.");
    else if (thing == ROPE && room == WELL) {
        rope_tied = 1;
        places[ROPE] = NOWHERE;
        puts("You tie the rope to the well.");
    } else if (thing == KEY && room == HALL) {
        door_open = 1;
        puts("The iron door swings open.");
    } else if (thing == LAMP)
        puts("The lamp burns with a small, steady flame.");
    else
        puts("Nothing happens.");
}

static int command(char *line) {
    char *verb = strtok(line, " \t\r\n"), *noun = verb ? strtok(NULL, " \t\r\n") : NULL;
    if (!verb)
        return 0;
    turns++;
    printf("> %s%s%s\n", verb, noun ? " " : "", noun ? noun : "");
    if (!strcmp(verb, "look"))
        look();
    else if (!strcmp(verb, "go") && noun)
        go(noun);
    else if (!strcmp(verb, "take") && noun)
        move(noun, room, CARRIED, "You take");
    else if (!strcmp(verb, "drop") && noun)
        move(noun, CARRIED, room, "You drop");
    else if (!strcmp(verb, "use") && noun)
        use(noun);
    else if (!strcmp(verb, "carry")) {
        for (int thing = 0; thing < THINGS; thing++)
            if (places[thing] == CARRIED)
                printf("You carry a %s.\n", names[thing]);
    } else if (find(directions, 6, verb) >= 0)
        go(verb);
    else
        puts("You do not know how to do that.");
    return room == HOME && (places[CROWN] == CARRIED || places[CROWN] == HOME);
}

int main(void) {
    char line[128];
    look();
    while (fgets(line, sizeof line, stdin))
        if (command(line)) {
            printf("The crown is home. You needed %d turns.\n", turns);
            return 0;
        }
    printf("You gave up after %d turns.\n", turns);
    return 1;
}
