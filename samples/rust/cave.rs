//! A story that is a session: `say` is an event whose payload is what the player says; it answers with a text and the turns so far. `score`
//! tells the points. The world lives in linear memory from one event to the next.
#![no_std]

use core::cell::UnsafeCell;

#[allow(dead_code)]
#[path = "../sdk/longrun.rs"]
mod longrun;

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Meadow,
    Cave,
    Lake,
    Pocket,
}

const ROOMS: [(Place, &str); 3] = [
    (Place::Meadow, "A meadow. A cave opens in the north.\n"),
    (Place::Cave, "A dark cave. Water drips below; the light is in the south.\n"),
    (Place::Lake, "A still lake under the earth. A stair leads up.\n"),
];
const PATHS: [(Place, &str, Place); 4] = [
    (Place::Meadow, "north", Place::Cave),
    (Place::Cave, "south", Place::Meadow),
    (Place::Cave, "down", Place::Lake),
    (Place::Lake, "up", Place::Cave),
];
const THINGS: [(&str, i32); 3] = [("lamp", 5), ("rope", 10), ("pearl", 50)];

struct World {
    here: Place,
    things: [Place; THINGS.len()],
    turns: i32,
}

struct Kept(UnsafeCell<World>);

// There is one thread, and an event is over before the next begins.
unsafe impl Sync for Kept {}

static WORLD: Kept = Kept(UnsafeCell::new(World { here: Place::Meadow, things: [Place::Meadow, Place::Cave, Place::Lake], turns: 0 }));

fn tell(text: &str) {
    longrun::write_output(text.as_bytes());
}

impl World {
    fn look(&self) {
        ROOMS.iter().filter(|(place, _)| *place == self.here).for_each(|(_, text)| tell(text));
        self.list(self.here, "Here is: ");
    }

    fn list(&self, place: Place, before: &str) {
        for (index, (name, _)) in THINGS.iter().enumerate() {
            if self.things[index] == place {
                tell(before);
                tell(name);
                tell(".\n");
            }
        }
    }

    fn go(&mut self, direction: &str) {
        match PATHS.iter().find(|(from, way, _)| *from == self.here && *way == direction) {
            Some((_, _, Place::Lake)) if self.things[0] != Place::Pocket => tell("It is too dark to climb down.\n"),
            Some((_, _, to)) => {
                self.here = *to;
                self.look();
            }
            None => tell("There is no way.\n"),
        }
    }

    fn take(&mut self, thing: &str) {
        match THINGS.iter().position(|(name, _)| *name == thing) {
            Some(index) if self.things[index] == self.here => {
                self.things[index] = Place::Pocket;
                tell("Taken.\n");
            }
            _ => tell("That is not here.\n"),
        }
    }

    fn obey(&mut self, line: &str) {
        self.turns += 1;
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("look"), None) => self.look(),
            (Some("go"), Some(direction)) => self.go(direction),
            (Some("take"), Some(thing)) => self.take(thing),
            (Some("have"), None) => self.list(Place::Pocket, "You have: "),
            _ => tell("You can look, go, take, have.\n"),
        }
    }
}

#[no_mangle]
pub extern "C" fn say() -> i32 {
    let world = unsafe { &mut *WORLD.0.get() };
    let mut bytes = [0; 80];
    let size = longrun::read_input(&mut bytes);
    match core::str::from_utf8(&bytes[..size]) {
        Ok(line) => world.obey(line),
        Err(_) => tell("These are no words.\n"),
    }
    world.turns
}

#[no_mangle]
pub extern "C" fn score() -> i32 {
    let world = unsafe { &*WORLD.0.get() };
    THINGS.iter().zip(&world.things).map(|((_, points), place)| if *place == Place::Pocket { *points } else { 0 }).sum()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
