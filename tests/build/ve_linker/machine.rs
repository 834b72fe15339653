//! A loader and a machine for the little code of these tests, written from the documents of the VE alone and not from the linker:
//! it maps segments, applies the relocations of loaders and runs some thirty instructions.

use std::collections::BTreeMap;

use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _, Rela as _, Sym as _};
use object::{LittleEndian as E, ReadRef as _};

type Header = FileHeader64<E>;

/// The address of the library. It is not 0, so that a missing displacement shows, and the upper halves of addresses count.
const BASE: u64 = 0x6000_1000_0000;
/// The addresses of functions and variables that the library does not define.
const OUTSIDE: u64 = 0x7f00_dead_0000_0000;
const STACK: u64 = 0x7000_0000_0000;
const STACK_SIZE: u64 = 1 << 16;
/// The return address of the outermost call.
const RETURN: u64 = 0xf00d_0000;

/// A function of the host that the library may call: its argument, its result.
type Function = Box<dyn Fn(&mut Machine, u64) -> u64>;

#[derive(Default)]
pub struct Machine {
    registers: Vec<u64>,
    memory: BTreeMap<u64, Vec<u8>>,
    pub symbols: BTreeMap<String, u64>,
    outside: BTreeMap<u64, String>,
    functions: Vec<(u64, Function)>,
    /// The thread-local variables: their first contents, and those of the one thread.
    block: (u64, u64, u64),
    pub executed: u64,
}

impl Machine {
    /// Loads a library. Names that it does not define are looked up among those given to [`define`](Self::define) before.
    pub fn load(&mut self, bytes: &[u8]) {
        let header = Header::parse(bytes).unwrap();
        let segments = header.program_headers(E, bytes).unwrap();
        let mut tags = BTreeMap::new();
        for segment in segments {
            let (at, size) = (segment.p_vaddr(E), segment.p_memsz(E));
            match segment.p_type(E) {
                elf::PT_LOAD => {
                    let mut memory = vec![0; size as usize];
                    let content = segment.data(E, bytes).unwrap();
                    memory[..content.len()].copy_from_slice(content);
                    self.memory.insert(BASE + at, memory);
                }
                elf::PT_TLS => self.block = (BASE + at, segment.p_filesz(E), size),
                elf::PT_DYNAMIC => {
                    for entry in segment.dynamic(E, bytes).unwrap().unwrap() {
                        tags.entry(entry.d_tag(E).0).or_insert(entry.d_val(E));
                    }
                }
                _ => {}
            }
        }
        let tag = |tag: elf::DynamicTag| tags.get(&tag.0).copied();
        let symbols = tag(elf::DT_SYMTAB).unwrap();
        let strings = tag(elf::DT_STRTAB).unwrap();
        // The second word of the hash table is the number of symbols.
        let count = self.word32(BASE + tag(elf::DT_HASH).unwrap() + 4);
        let mut values = Vec::new();
        for index in 0..u64::from(count) {
            let at = symbols + 24 * index;
            // Everything loaded of the first segment is at its place in the file.
            let symbol: &elf::Sym64<E> = bytes.read_at(at).unwrap();
            let name = symbol.st_name(E);
            let name = bytes.read_bytes_at_until(strings + u64::from(name)..bytes.len() as u64, 0);
            let name = String::from_utf8(name.unwrap().to_vec()).unwrap();
            let is_tls = symbol.st_type() == elf::STT_TLS;
            let value = match symbol.st_shndx(E) {
                elf::SHN_UNDEF => {
                    let found = self.outside.iter().find(|(_, it)| **it == name);
                    let is_weak = symbol.st_bind() == elf::STB_WEAK;
                    let found = found.map(|(at, _)| *at);
                    found.unwrap_or_else(|| {
                        assert!(is_weak || index == 0, "{name} is nowhere");
                        0
                    })
                }
                _ if is_tls => symbol.st_value(E),
                _ => BASE + symbol.st_value(E),
            };
            assert!(
                index == 0 || self.hashed(BASE + tag(elf::DT_HASH).unwrap(), &name) == index,
                "{name} is not found by its hash"
            );
            if symbol.st_shndx(E) != elf::SHN_UNDEF {
                self.symbols.insert(name, value);
            }
            values.push(value);
        }
        let tables = [
            (elf::DT_RELA, elf::DT_RELASZ),
            (elf::DT_JMPREL, elf::DT_PLTRELSZ),
        ];
        let relative = tag(elf::DT_RELACOUNT).unwrap_or(0);
        for (table, size) in tables {
            let Some(at) = tag(table) else { continue };
            let count = tag(size).unwrap() / 24;
            let list: &[elf::Rela64<E>] = bytes.read_slice_at(at, count as usize).unwrap();
            for (index, rela) in (0..).zip(list) {
                let number = rela.r_type(E, false).0;
                let value = values[rela.r_sym(E, false) as usize];
                let addend = rela.r_addend(E).cast_unsigned();
                let place = BASE + rela.r_offset(E);
                assert!(place >= BASE + segments[1].p_vaddr(E), "code is written to");
                assert_eq!(table == elf::DT_RELA && index < relative, number == 17);
                let word = match number {
                    2 | 24 => value.wrapping_add(addend),
                    17 => BASE + addend,
                    18 | 19 => value,
                    22 => 1,
                    23 => value.wrapping_add(addend),
                    _ => panic!("the loader does not know relocation {number}"),
                };
                self.store(place, &word.to_le_bytes());
            }
        }
        self.memory.insert(STACK, vec![0; STACK_SIZE as usize]);
        let constructors = tag(elf::DT_INIT_ARRAY).map_or(0, |at| BASE + at);
        for index in 0..tag(elf::DT_INIT_ARRAYSZ).unwrap_or(0) / 8 {
            let function = self.word(constructors + 8 * index);
            self.run(function, &[]);
        }
    }

    /// Looks a name up as the loader does.
    fn hashed(&self, table: u64, name: &str) -> u64 {
        let mut hash: u64 = 0;
        for byte in name.bytes() {
            hash = (hash << 4) + u64::from(byte);
            let top = hash & 0xf000_0000;
            hash = (hash ^ (top >> 24)) & !top;
        }
        let buckets = u64::from(self.word32(table));
        let mut index = u64::from(self.word32(table + 8 + 4 * (hash % buckets)));
        let names = self.names(table);
        while index != 0 && names[index as usize] != name {
            index = u64::from(self.word32(table + 8 + 4 * (buckets + index)));
        }
        index
    }

    fn names(&self, table: u64) -> Vec<String> {
        let (_, code) = self.memory.range(..=table).next_back().unwrap();
        let header = Header::parse(&code[..]).unwrap();
        let segments = header.program_headers(E, &code[..]).unwrap();
        let dynamic = segments.iter().find(|it| it.p_type(E) == elf::PT_DYNAMIC);
        let dynamic = dynamic.unwrap();
        let entry = |tag: elf::DynamicTag| {
            (0..dynamic.p_memsz(E) / 16).find_map(|index| {
                let at = BASE + dynamic.p_vaddr(E) + 16 * index;
                (self.word(at).cast_signed() == tag.0).then(|| self.word(at + 8))
            })
        };
        let (symbols, strings) = (
            entry(elf::DT_SYMTAB).unwrap(),
            entry(elf::DT_STRTAB).unwrap(),
        );
        let count = self.word32(table + 4);
        let name = |index| {
            let at = strings + u64::from(self.word32(BASE + symbols + 24 * u64::from(index)));
            let text: Vec<u8> = code[at as usize..]
                .iter()
                .copied()
                .take_while(|it| *it != 0)
                .collect();
            String::from_utf8(text).unwrap()
        };
        (0..count).map(name).collect()
    }

    /// Defines a function that the library may call.
    pub fn define(
        &mut self,
        name: &str,
        function: impl Fn(&mut Machine, u64) -> u64 + 'static,
    ) -> u64 {
        let at = OUTSIDE + 16 * self.functions.len() as u64;
        self.functions.push((at, Box::new(function)));
        self.outside.insert(at, name.to_owned());
        at
    }

    /// Defines a variable that the library may use.
    pub fn define_variable(&mut self, name: &str, value: u64) -> u64 {
        let at = OUTSIDE + 0x1_0000_0000 + 16 * self.outside.len() as u64;
        self.memory.insert(at, value.to_le_bytes().to_vec());
        self.outside.insert(at, name.to_owned());
        at
    }

    /// Defines what thread-local variables need.
    pub fn define_tls(&mut self) {
        const BLOCK: u64 = 0x5000_0000_0000;
        self.define("__tls_get_addr", |machine, pair| {
            let (module, offset) = (machine.word(pair), machine.word(pair + 8));
            assert_eq!(module, 1);
            let (from, filled, size) = machine.block;
            assert!(offset < size, "{offset} is not in a block of {size}");
            if !machine.memory.contains_key(&BLOCK) {
                let mut block = machine.bytes(from, filled as usize).to_vec();
                block.resize(size as usize, 0);
                machine.memory.insert(BLOCK, block);
            }
            BLOCK + offset
        });
    }

    /// Calls an exported function.
    pub fn call(&mut self, name: &str, arguments: &[u64]) -> u64 {
        let function = *self
            .symbols
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not exported"));
        self.run(function, arguments)
    }

    fn run(&mut self, function: u64, arguments: &[u64]) -> u64 {
        // Registers that a function does not set must not matter, above all the pointer to the global offset table.
        self.registers = vec![0x5555_aaaa_5555_aaaa; 64];
        self.registers[..arguments.len()].copy_from_slice(arguments);
        let sp = STACK + STACK_SIZE - 512;
        for (register, value) in [(8, STACK), (9, sp), (10, RETURN), (11, sp), (12, function)] {
            self.registers[register] = value;
        }
        let mut at = function;
        while at != RETURN {
            if let Some(index) = self.functions.iter().position(|(it, _)| *it == at) {
                assert_eq!(
                    self.registers[12], at,
                    "the callee does not find its address"
                );
                let argument = self.registers[0];
                let (place, function) = self.functions.remove(index);
                self.registers[0] = function(self, argument);
                self.functions.insert(index, (place, function));
                at = self.registers[10];
                continue;
            }
            at = self.step(at);
            self.executed += 1;
            assert!(self.executed < 1_000_000, "the code does not end");
        }
        assert_eq!(self.registers[11], sp, "the stack is not as it was");
        self.registers[0]
    }

    /// Runs one instruction, and returns the address of the next.
    fn step(&mut self, at: u64) -> u64 {
        let word = self.word(at);
        let field = |shift: u32| ((word >> shift) & 0xff) as usize;
        let (code, x, y, z) = (field(56), field(48), field(40), field(32));
        let displacement = i64::from((word as u32).cast_signed()).cast_unsigned();
        let register = x & 0x7f;
        // A register, or a small number.
        let y = if y & 0x80 != 0 {
            self.registers[y & 0x7f]
        } else {
            // Seven bits with a sign.
            let shifted = ((y as u8) << 1).cast_signed() >> 1;
            i64::from(shifted).cast_unsigned()
        };
        let base = if z & 0x80 != 0 {
            self.registers[z & 0x7f]
        } else {
            0
        };
        // A register, or a mask of so many zeros before ones, or ones before zeros.
        let mask = match z {
            0x80.. => self.registers[z & 0x7f],
            0x40.. => u64::MAX >> (z & 0x3f),
            _ => !(u64::MAX >> z),
        };
        let address = displacement.wrapping_add(base).wrapping_add(y);
        let next = at + 8;
        let holds = |x: usize, left: u64, right: u64| {
            let order = left.cast_signed().cmp(&right.cast_signed());
            match x & 0xf {
                1 => order.is_gt(),
                2 => order.is_lt(),
                3 => order.is_ne(),
                4 => order.is_eq(),
                5 => order.is_ge(),
                6 => order.is_le(),
                15 => true,
                other => panic!("{at:#x}: condition {other}"),
            }
        };
        let result = match code {
            0x06 if x & 0x80 != 0 => (displacement << 32).wrapping_add(base).wrapping_add(y),
            0x06 => address,
            0x01 => self.word(address),
            0x03 => {
                let value = self.word32(address);
                if x & 0x80 == 0 {
                    i64::from(value.cast_signed()).cast_unsigned()
                } else {
                    value.into()
                }
            }
            0x05 => i64::from(self.bytes(address, 1)[0].cast_signed()).cast_unsigned(),
            0x44 => y & mask,
            0x45 => y | mask,
            0x59 => y.wrapping_add(mask),
            0x5b => y.wrapping_sub(mask),
            0x6e => y.wrapping_mul(mask),
            0x65 => mask << (y & 63),
            0x55 => (y.cmp(&mask) as i64).cast_unsigned(),
            0x28 => next,
            0x3b if holds((word & 0xf) as usize, y, 0) => mask,
            0x3b => return next,
            0x11 => {
                let value = self.registers[register];
                self.store(address, &value.to_le_bytes());
                return next;
            }
            0x08 => {
                self.registers[register] = next;
                return address;
            }
            0x19 => {
                assert_eq!(x & 0xf, 0xf, "{at:#x}: a condition");
                return displacement.wrapping_add(base);
            }
            0x18 => {
                let right = if z & 0x80 != 0 { base } else { 0 };
                let is_taken = holds(x, y, right);
                return if is_taken {
                    at.wrapping_add(displacement)
                } else {
                    next
                };
            }
            0x79 => return next,
            other => panic!("{at:#x}: the machine does not know opcode {other:#x}"),
        };
        self.registers[register] = result;
        next
    }

    pub fn word(&self, at: u64) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().unwrap())
    }

    fn word32(&self, at: u64) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().unwrap())
    }

    fn bytes(&self, at: u64, count: usize) -> &[u8] {
        let (start, memory) = self.memory.range(..=at).next_back().expect("memory");
        let from = (at - start) as usize;
        memory
            .get(from..from + count)
            .unwrap_or_else(|| panic!("{at:#x} is not mapped"))
    }

    fn store(&mut self, at: u64, bytes: &[u8]) {
        let (start, memory) = self.memory.range_mut(..=at).next_back().expect("memory");
        let from = (at - start) as usize;
        let place = memory.get_mut(from..from + bytes.len());
        place
            .unwrap_or_else(|| panic!("{at:#x} is not mapped"))
            .copy_from_slice(bytes);
    }
}
