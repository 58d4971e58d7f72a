// An interpreter: standard input is a program in a small language, compiled to bytecode in one pass, then run.
//   fn name(a, b) { … }   var x = 1;   x = x + 1;   array a[100];   a[i] = 2;
//   if e { … } else { … }   while e { … }   return e;   print e;   print "text";   name(1, 2);
// Values are integers of 32 bits. Operators from weak to strong: || && | then == != < <= > >= then + - then * / % & ^ << >>, and - ! before a value.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum op { PUSH, GET, SET, GETG, SETG, LOAD, STORE, JUMP, UNLESS, KEEPIF, KEEPUNLESS, DROP, CALL, RETURN, PRINT, TEXT, STOP, NEGATE, NOT,
          OR, EQ, NE, LT, LE, GT, GE, ADD, SUB, MUL, DIV, REM, AND, XOR, SHL, SHR };
enum sort { NUMBER = 256, NAME, STRING, DOUBLE, FINISH };
struct name {
    const char *text;
    int length, place, size, parameters, kind;
};
enum { VARIABLE, ARRAY, FUNCTION };

static char source[1 << 16];
static const char *at = source, *token;
static int sort, length, number, line = 1;
static int32_t code[1 << 14], globals[1 << 17], stack[1 << 16];
static int size, global_size, local_count, inside;
static struct name names[512], locals[64];
static int name_count;

static void fail(const char *why) {
    printf("line %d: %s\n", line, why);
    exit(2);
}

static void advance(void) {
    for (;; at++) {
        if (*at == '\n')
            line++;
        if (*at == '/' && at[1] == '/')
            at += strcspn(at, "\n") - 1;
        else if (!*at || !strchr(" \t\r\n", *at))
            break;
    }
    token = at;
    sort = *at;
    length = 1;
    if (!*at) {
        sort = FINISH;
        return;
    }
    if (*at >= '0' && *at <= '9') {
        sort = NUMBER;
        for (number = 0; *at >= '0' && *at <= '9'; at++)
            number = (int)((unsigned)number * 10 + (*at - '0'));
        length = at - token;
        return;
    }
    if ((*at | 32) >= 'a' && (*at | 32) <= 'z') {
        while (((*at | 32) >= 'a' && (*at | 32) <= 'z') || (*at >= '0' && *at <= '9') || *at == '_')
            at++;
        sort = NAME;
        length = at - token;
        return;
    }
    if (*at == '"') {
        sort = STRING;
        length = strcspn(at + 1, "\"\n");
        if (at[1 + length] != '"')
            fail("a text without end");
        at += length + 2;
        return;
    }
    at++;
    if (*at && ((*at == '=' && strchr("=!<>", *token)) || (*at == *token && strchr("|&<>", *token)))) {
        at++;
        length = 2;
        sort = DOUBLE;
    }
}

static int is(const char *text) { return length == (int)strlen(text) && sort != STRING && !memcmp(token, text, length); }

static int take(const char *text) {
    if (sort == FINISH || !is(text))
        return 0;
    advance();
    return 1;
}

static void need(const char *text) {
    if (!take(text))
        fail(text);
}

static int emit(int32_t word) {
    if (size == sizeof code / sizeof *code)
        fail("too long");
    code[size] = word;
    return size++;
}

static void two(int32_t op, int32_t operand) {
    emit(op);
    emit(operand);
}

static struct name *look(struct name *table, int count, const char *text, int wanted) {
    for (int i = count - 1; i >= 0; i--)
        if (table[i].length == wanted && !memcmp(table[i].text, text, wanted))
            return &table[i];
    return NULL;
}

static struct name *declare(int kind) {
    if (sort != NAME || name_count == 512)
        fail("a name is missing");
    struct name *made = &names[name_count++];
    *made = (struct name){token, length, 0, 1, 0, kind};
    advance();
    return made;
}

static void expression(int level);

static void arguments(struct name *function) {
    int count = 0;
    while (!take(")")) {
        if (count++)
            need(",");
        expression(0);
    }
    if (function->kind != FUNCTION || count != function->parameters)
        fail("a call that does not fit");
    two(CALL, function - names);
}

static void value(void) {
    if (take("-")) {
        value();
        emit(NEGATE);
    } else if (take("!")) {
        value();
        emit(NOT);
    } else if (take("(")) {
        expression(0);
        need(")");
    } else if (sort == NUMBER) {
        two(PUSH, number);
        advance();
    } else if (sort == NAME) {
        struct name *local = inside ? look(locals, local_count, token, length) : NULL, *known = look(names, name_count, token, length);
        advance();
        if (local) {
            two(GET, local->place);
        } else if (!known) {
            fail("an unknown name");
        } else if (take("(")) {
            arguments(known);
        } else if (take("[")) {
            expression(0);
            need("]");
            two(LOAD, known - names);
        } else {
            two(GETG, known->place);
        }
    } else {
        fail("a value is missing");
    }
}

static const struct { const char *text; int level, op; } operators[] = {
    {"||", 0, 0}, {"&&", 1, 0}, {"|", 2, OR}, {"==", 3, EQ}, {"!=", 3, NE}, {"<", 3, LT}, {"<=", 3, LE}, {">", 3, GT}, {">=", 3, GE},
    {"+", 4, ADD}, {"-", 4, SUB}, {"*", 5, MUL}, {"/", 5, DIV}, {"%", 5, REM}, {"&", 5, AND}, {"^", 5, XOR}, {"<<", 5, SHL}, {">>", 5, SHR}};

static void expression(int level) {
    if (level == 6) {
        value();
        return;
    }
    expression(level + 1);
    for (int again = 1; again;) {
        again = 0;
        for (unsigned i = 0; i < sizeof operators / sizeof *operators; i++)
            if (operators[i].level == level && take(operators[i].text)) {
                if (level < 2) {
                    emit(level ? KEEPUNLESS : KEEPIF);
                    int hole = emit(0);
                    expression(level + 1);
                    code[hole] = size;
                } else {
                    expression(level + 1);
                    emit(operators[i].op);
                }
                again = 1;
                break;
            }
    }
}

static void statement(void);

static void block(void) {
    need("{");
    while (!take("}"))
        statement();
}

static void function(void) {
    struct name *made = declare(FUNCTION);
    int hole = (emit(JUMP), emit(0));
    need("(");
    for (local_count = 0; !take(")"); made->parameters++) {
        if (made->parameters)
            need(",");
        if (sort != NAME || local_count == 64)
            fail("a parameter is missing");
        locals[local_count] = (struct name){token, length, local_count, 1, 0, VARIABLE};
        local_count++;
        advance();
    }
    made->place = size;
    emit(0);  // how many other locals, known below
    inside = 1;
    block();
    inside = 0;
    two(PUSH, 0);
    emit(RETURN);
    code[made->place] = local_count - made->parameters;
    code[hole] = size;
}

static void statement(void) {
    if (take("fn")) {
        function();
    } else if (take("var")) {
        if (inside) {
            if (sort != NAME || local_count == 64)
                fail("a name is missing");
            struct name made = {token, length, local_count, 1, 0, VARIABLE};
            advance();
            need("=");
            expression(0);
            two(SET, made.place);
            locals[local_count++] = made;
        } else {
            struct name *made = declare(VARIABLE);
            made->place = global_size++;
            need("=");
            expression(0);
            two(SETG, made->place);
        }
        need(";");
    } else if (take("array")) {
        struct name *made = declare(ARRAY);
        need("[");
        made->place = global_size;
        made->size = number;
        global_size += number;
        advance();
        if (number < 0 || global_size > (int)(sizeof globals / sizeof *globals))
            fail("too large");
        need("]");
        need(";");
    } else if (take("if")) {
        expression(0);
        emit(UNLESS);
        int hole = emit(0);
        block();
        if (take("else")) {
            emit(JUMP);
            int over = emit(0);
            code[hole] = size;
            if (is("if"))
                statement();
            else
                block();
            hole = over;
        }
        code[hole] = size;
    } else if (take("while")) {
        int again = size;
        expression(0);
        emit(UNLESS);
        int hole = emit(0);
        block();
        two(JUMP, again);
        code[hole] = size;
    } else if (take("return")) {
        expression(0);
        emit(inside ? RETURN : STOP);
        need(";");
    } else if (take("print")) {
        if (sort == STRING) {
            emit(TEXT);
            two(token + 1 - source, length);
            advance();
        } else {
            expression(0);
            emit(PRINT);
        }
        need(";");
    } else if (sort == NAME) {
        struct name *local = inside ? look(locals, local_count, token, length) : NULL, *known = look(names, name_count, token, length);
        advance();
        if (!local && !known)
            fail("an unknown name");
        if (take("=")) {
            expression(0);
            two(local ? SET : SETG, local ? local->place : known->place);
        } else if (known && take("[")) {
            expression(0);
            need("]");
            need("=");
            expression(0);
            two(STORE, known - names);
        } else {
            need("(");
            arguments(known);
            emit(DROP);
        }
        need(";");
    } else {
        fail("a statement is missing");
    }
}

static int stop(const char *why) {
    printf("%s\n", why);
    return 3;
}

static int run(void) {
    int32_t *top = stack, *frame = stack, *limit = stack + sizeof stack / sizeof *stack - 128;
    const int32_t *next = code;
#define BINARY(name, result) case name: { int32_t b = *--top, a = top[-1]; top[-1] = (result); break; }
    for (;;)
        switch (*next++) {
        case PUSH: *top++ = *next++; break;
        case GET: *top++ = frame[*next++]; break;
        case SET: frame[*next++] = *--top; break;
        case GETG: *top++ = globals[*next++]; break;
        case SETG: globals[*next++] = *--top; break;
        case LOAD: {
            const struct name *array = &names[*next++];
            if ((uint32_t)top[-1] >= (uint32_t)array->size)
                return stop("an index is out of bounds");
            top[-1] = globals[array->place + top[-1]];
            break;
        }
        case STORE: {
            const struct name *array = &names[*next++];
            top -= 2;
            if ((uint32_t)top[0] >= (uint32_t)array->size)
                return stop("an index is out of bounds");
            globals[array->place + top[0]] = top[1];
            break;
        }
        case JUMP: next = code + *next; break;
        case UNLESS: next = *--top ? next + 1 : code + *next; break;
        case KEEPIF: if (top[-1]) next = code + *next; else { next++; top--; } break;
        case KEEPUNLESS: if (!top[-1]) next = code + *next; else { next++; top--; } break;
        case DROP: top--; break;
        case CALL: {
            // A frame: where to go on, the frame of the caller, the arguments, the other locals.
            const struct name *called = &names[*next++];
            const int32_t *body = code + called->place;
            int32_t *arguments = top - called->parameters;
            if (top + body[0] > limit)
                return stop("too many calls");
            for (int32_t *slot = top; slot > arguments; slot--)
                slot[1] = slot[-1];
            arguments[0] = (int32_t)(next - code);
            arguments[1] = (int32_t)(frame - stack);
            top += 2;
            for (int32_t i = body[0]; i > 0; i--)
                *top++ = 0;
            frame = arguments + 2;
            next = body + 1;
            break;
        }
        case RETURN: {
            int32_t result = *--top;
            top = frame - 2;
            next = code + top[0];
            frame = stack + top[1];
            *top++ = result;
            break;
        }
        case PRINT: printf("%d\n", (int)*--top); break;
        case TEXT: fwrite(source + next[0], 1, next[1], stdout); putchar('\n'); next += 2; break;
        case STOP: return *--top & 127;
        case NEGATE: top[-1] = (int32_t)-(uint32_t)top[-1]; break;
        case NOT: top[-1] = !top[-1]; break;
        case DIV:
        case REM: {
            int32_t b = *--top, a = top[-1];
            if (b == 0)
                return stop("division by zero");
            if (b == -1)
                top[-1] = next[-1] == DIV ? (int32_t)-(uint32_t)a : 0;
            else
                top[-1] = next[-1] == DIV ? a / b : a % b;
            break;
        }
        BINARY(OR, a | b) BINARY(EQ, a == b) BINARY(NE, a != b) BINARY(LT, a < b) BINARY(LE, a <= b) BINARY(GT, a > b) BINARY(GE, a >= b)
        BINARY(ADD, (int32_t)((uint32_t)a + (uint32_t)b)) BINARY(SUB, (int32_t)((uint32_t)a - (uint32_t)b))
        BINARY(MUL, (int32_t)((uint32_t)a * (uint32_t)b)) BINARY(AND, a & b) BINARY(XOR, a ^ b)
        BINARY(SHL, (int32_t)((uint32_t)a << (b & 31))) BINARY(SHR, a >> (b & 31))
        }
}

int main(void) {
    size_t got = fread(source, 1, sizeof source - 1, stdin);
    source[got] = 0;
    advance();
    while (sort != FINISH)
        statement();
    two(PUSH, 0);
    emit(STOP);
    return run();
}
