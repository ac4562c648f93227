//! Who belongs to what and was granted what: the same for every system, made from numbers so that nothing need be remembered.

/// What a grant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Read,
    Write,
}

/// To whom a grant was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    Person(usize),
    Workgroup(usize),
}

/// A site with so many grants: four for each item, two of them to people and two to workgroups of twenty to forty people. Everybody
/// belongs to two workgroups.
#[derive(Debug, Clone, Copy)]
pub struct Relations {
    pub grants: usize,
    pub people: usize,
    pub workgroups: usize,
    pub items: usize,
}

/// One question: may this person do this with this item?
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub person: usize,
    pub item: usize,
    pub wants: Level,
}

/// Well mixed, and the same in every run.
fn mixed(seed: usize, salt: u64) -> usize {
    let mut x = (seed as u64).wrapping_add(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)) as usize
}

impl Relations {
    pub fn of(grants: usize) -> Self {
        let people = (grants / 10).max(100);
        Self {
            grants,
            people,
            workgroups: (people / 20).max(5),
            items: grants / 4,
        }
    }

    /// The two workgroups of a person.
    pub fn workgroups_of(&self, person: usize) -> [usize; 2] {
        let first = person % self.workgroups;
        let apart = 1 + (person / self.workgroups) % (self.workgroups - 1);
        [first, (first + apart) % self.workgroups]
    }

    /// Whose an item is.
    pub fn owner(&self, item: usize) -> usize {
        mixed(item, 1) % self.people
    }

    /// The grants on an item.
    pub fn grants_on(&self, item: usize) -> [(To, Level); 4] {
        let person = mixed(item, 2) % self.people;
        let other = (person + 1 + mixed(item, 3) % (self.people - 1)) % self.people;
        let workgroup = mixed(item, 4) % self.workgroups;
        let apart = 1 + mixed(item, 5) % (self.workgroups - 1);
        [
            (To::Person(person), Level::Read),
            (To::Person(other), Level::Write),
            (To::Workgroup(workgroup), Level::Read),
            (
                To::Workgroup((workgroup + apart) % self.workgroups),
                Level::Write,
            ),
        ]
    }

    /// The question of this number: a quarter by owners, a quarter by people who were granted the item, a quarter by members of a
    /// workgroup that was, a quarter by whoever comes along; every other one wants to write.
    pub fn question(&self, number: usize) -> Question {
        let item = mixed(number, 6) % self.items;
        let [(person, _), (writer, _), (workgroup, _), (writers, _)] = self.grants_on(item);
        let second = number / 8 % 2 == 1;
        let named = match number % 4 {
            0 => To::Person(self.owner(item)),
            1 => {
                if second {
                    writer
                } else {
                    person
                }
            }
            2 => {
                if second {
                    writers
                } else {
                    workgroup
                }
            }
            _ => To::Person(mixed(number, 7) % self.people),
        };
        let person = match named {
            To::Person(person) => person,
            To::Workgroup(workgroup) => {
                let members = self.people / self.workgroups;
                workgroup + self.workgroups * (mixed(number, 8) % members)
            }
        };
        let wants = match number / 4 % 2 {
            0 => Level::Read,
            _ => Level::Write,
        };
        Question {
            person,
            item,
            wants,
        }
    }

    /// The right answer.
    pub fn answer(&self, question: Question) -> bool {
        let theirs = |to: To| match to {
            To::Person(person) => person == question.person,
            To::Workgroup(workgroup) => self.workgroups_of(question.person).contains(&workgroup),
        };
        let grants = self.grants_on(question.item).into_iter();
        self.owner(question.item) == question.person || { grants }
            .any(|(to, level)| theirs(to) && level >= question.wants)
    }
}
