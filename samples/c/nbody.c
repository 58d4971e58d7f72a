// The sun and four planets: standard input holds a number of steps, output is the energy before and after them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BODIES 5
#define MASS (4 * M_PI * M_PI)
#define YEAR 365.24

struct body {
    double place[3], speed[3], mass;
};

static struct body bodies[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, MASS},
    {{4.84143144246472090, -1.16032004402742839, -0.103622044471123109},
     {0.00166007664274403694 * YEAR, 0.00769901118419740425 * YEAR, -0.0000690460016972063023 * YEAR}, 0.000954791938424326609 * MASS},
    {{8.34336671824457987, 4.12479856412430479, -0.403523417114321381},
     {-0.00276742510726411619 * YEAR, 0.00499852801234917238 * YEAR, 0.0000230417297573763929 * YEAR}, 0.000285885980666130812 * MASS},
    {{12.8943695621391310, -15.1111514016986312, -0.223307578892655734},
     {0.00296460137564761618 * YEAR, 0.00237847173959480950 * YEAR, -0.0000296589568540237556 * YEAR}, 0.0000436624404335156298 * MASS},
    {{15.3796971148509165, -25.9193146099879641, 0.179258772950371181},
     {0.00268067772490389322 * YEAR, 0.00162824170038242295 * YEAR, -0.0000951592254519715870 * YEAR}, 0.0000515138902046611451 * MASS}};

static double squared(const double *v) { return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]; }

static void apart(int i, int j, double *way) {
    for (int k = 0; k < 3; k++)
        way[k] = bodies[i].place[k] - bodies[j].place[k];
}

static double energy(void) {
    double sum = 0, way[3];
    for (int i = 0; i < BODIES; i++) {
        sum += 0.5 * bodies[i].mass * squared(bodies[i].speed);
        for (int j = i + 1; j < BODIES; j++) {
            apart(i, j, way);
            sum -= bodies[i].mass * bodies[j].mass / sqrt(squared(way));
        }
    }
    return sum;
}

static void advance(double time) {
    double way[3];
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            apart(i, j, way);
            double distance = squared(way), pull = time / (distance * sqrt(distance));
            for (int k = 0; k < 3; k++) {
                bodies[i].speed[k] -= way[k] * bodies[j].mass * pull;
                bodies[j].speed[k] += way[k] * bodies[i].mass * pull;
            }
        }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].place[k] += time * bodies[i].speed[k];
}

int main(void) {
    char line[32] = "";
    int steps = fgets(line, sizeof line, stdin) ? atoi(line) : 0;
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (int i = 0; i < BODIES; i++)
            sum += bodies[i].speed[k] * bodies[i].mass;
        bodies[0].speed[k] = -sum / MASS;
    }
    printf("%.9f\n", energy());
    for (int i = 0; i < steps; i++)
        advance(0.01);
    printf("%.9f\n", energy());
    return 0;
}
