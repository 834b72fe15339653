//! Copies structures that are passed by value, in LLVM IR for the VE.
//!
//! C gives a function a structure of its own, and on the VE the caller makes it and passes its address. LLVM's IR says so by `byval`,
//! which LLVM's code for the VE takes for a plain pointer: the function would change its caller's variable. So the copies are
//! written out, at each call, and `byval` is left out. The module knows text only.

use std::borrow::Cow;

const BYVAL: &str = "byval(";
const MEMCPY: &str = "declare void @llvm.memcpy.p0.p0.i64(";

/// The IR with a copy wherever there was `byval`.
pub(crate) fn copied(ir: &str) -> Cow<'_, str> {
    if !ir.contains(BYVAL) {
        return Cow::Borrowed(ir);
    }
    let mut lines = Vec::new();
    let mut function: Option<ByValueFunction> = None;
    for line in ir.lines() {
        let is_head = line.starts_with("define ");
        if is_head {
            function = Some(ByValueFunction::at(lines.len()));
        }
        match &mut function {
            _ if !line.contains(BYVAL) => lines.push(line.to_owned()),
            Some(function) if !is_head && is_call(line) => function.call(line, &mut lines),
            _ if is_head || line.starts_with("declare ") => lines.push(without_byval(line)),
            _ => lines.push(line.to_owned()),
        }
        if line == "}"
            && let Some(ended) = function.take()
        {
            ended.reserve(&mut lines);
        }
    }
    if !lines.iter().any(|line| line.starts_with(MEMCPY)) {
        lines.push(format!("{MEMCPY}ptr, ptr, i64, i1 immarg)"));
    }
    Cow::Owned(
        lines
            .into_iter()
            .flat_map(|line| [line, "\n".to_owned()])
            .collect(),
    )
}

fn is_call(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.any(|word| word == "call" || word == "invoke")
}

/// A function on the way, and the room that its calls need for copies.
struct ByValueFunction {
    /// The line of its head.
    head: usize,
    /// A type and an alignment; calls that follow each other share them.
    rooms: Vec<(String, String)>,
}

impl ByValueFunction {
    fn at(head: usize) -> Self {
        let rooms = Vec::new();
        Self { head, rooms }
    }

    /// The call with copies as its arguments.
    fn call(&mut self, line: &str, lines: &mut Vec<String>) {
        let (mut done, mut rest) = (String::new(), line);
        let mut used = Vec::new();
        while let Some(argument) = ByValueArgument::first(rest) {
            let room = self.room(&argument, &used);
            used.push(room);
            let ByValueArgument {
                kind,
                align,
                operand,
                ..
            } = argument;
            lines.push(format!(
                "  call void @llvm.memcpy.p0.p0.i64(ptr align {align} %byval.{room}, ptr align {align} {operand}, \
                 i64 ptrtoint (ptr getelementptr ({kind}, ptr null, i32 1) to i64), i1 false)"
            ));
            done += argument.before;
            done += argument.attributes;
            done += &format!("%byval.{room}");
            rest = argument.after;
        }
        // The callee of a tail call may not use the frame of its caller.
        let done = [" tail call ", " musttail call "]
            .iter()
            .fold(done, |done, tail| done.replacen(tail, " call ", 1));
        lines.push(done + rest);
    }

    /// A room for this argument that the same call does not use yet.
    fn room(&mut self, argument: &ByValueArgument<'_>, used: &[usize]) -> usize {
        let wanted = (argument.kind.to_owned(), argument.align.to_owned());
        let mut all = self.rooms.iter().enumerate();
        let free = all.find(|(number, room)| **room == wanted && !used.contains(number));
        free.map(|(number, _)| number).unwrap_or_else(|| {
            self.rooms.push(wanted);
            self.rooms.len() - 1
        })
    }

    /// Has the rooms made where the function begins.
    fn reserve(self, lines: &mut Vec<String>) {
        let first = lines.get(self.head + 1).map_or("", String::as_str);
        // Instructions are indented, names of blocks are not.
        let is_label = !first.starts_with(' ') && first.contains(':');
        let at = self.head + 1 + usize::from(is_label);
        let rooms = self.rooms.iter().enumerate();
        let rooms = rooms.map(|(number, (kind, align))| {
            format!("  %byval.{number} = alloca {kind}, align {align}")
        });
        lines.splice(at..at, rooms);
    }
}

/// An argument with `byval`, in a line.
struct ByValueArgument<'a> {
    before: &'a str,
    /// The type that it points to.
    kind: &'a str,
    attributes: &'a str,
    align: &'a str,
    operand: &'a str,
    after: &'a str,
}

impl<'a> ByValueArgument<'a> {
    /// The first one.
    fn first(line: &'a str) -> Option<Self> {
        let (before, rest) = line.split_once(BYVAL)?;
        let (kind, rest) = rest.split_at(end(rest, &[')']));
        let rest = rest.get(1..)?.trim_start();
        let (argument, after) = rest.split_at(end(rest, &[',', ')']));
        let mut align = "8";
        let mut at = 0;
        // Attributes are words; a constant expression has spaces, too, and is the last.
        while let Some(word) = argument[at..].split(' ').next() {
            let is_operand = word.starts_with(['%', '@'])
                || [
                    "getelementptr",
                    "inttoptr",
                    "addrspacecast",
                    "null",
                    "undef",
                    "poison",
                ]
                .contains(&word);
            if is_operand || at + word.len() >= argument.len() {
                break;
            }
            at += word.len() + 1;
            if word == "align" {
                align = argument[at..].split(' ').next()?;
            }
        }
        Some(Self {
            before,
            kind,
            attributes: &argument[..at],
            align,
            operand: &argument[at..],
            after,
        })
    }
}

/// Where one of these characters is, outside of parentheses, brackets, braces and quotes.
fn end(text: &str, characters: &[char]) -> usize {
    let (mut depth, mut is_quoted) = (0_u32, false);
    for (at, c) in text.char_indices() {
        if !is_quoted && depth == 0 && characters.contains(&c) {
            return at;
        }
        match c {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// The head of a function with plain pointers.
fn without_byval(line: &str) -> String {
    let (mut done, mut rest) = (String::new(), line);
    while let Some((before, after)) = rest.split_once(BYVAL) {
        done += before;
        rest = &after[end(after, &[')'])..];
        rest = rest
            .strip_prefix(") ")
            .or(rest.strip_prefix(')'))
            .unwrap_or(rest);
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::{ByValueArgument, copied, without_byval};

    #[test]
    fn copies_are_made_before_calls_in_rooms_of_the_first_block() {
        let ir = "\
%struct.m = type { i8, double }
define void @f(ptr noundef byval(%struct.m) align 8 %0) #0 {
  %2 = alloca i32, align 4
  tail call void @g(i32 1, ptr noundef byval(%struct.m) align 8 %0, ptr byval({ i8, [2 x i16] }) align 2 @\"a, (b\", i32 %2), !dbg !7
  %3 = call i32 %2(ptr byval(%struct.m) align 8 getelementptr inbounds ([3 x %struct.m], ptr @t, i64 0, i64 1), ptr byval(%struct.m) align 8 %0)
  ret void
}
declare void @g(i32, ptr noundef byval(%struct.m) align 8, ptr byval({ i8, [2 x i16] }) align 2, i32)
";
        let size = |kind: &str| {
            format!("i64 ptrtoint (ptr getelementptr ({kind}, ptr null, i32 1) to i64), i1 false)")
        };
        let (m, other) = (size("%struct.m"), size("{ i8, [2 x i16] }"));
        let copy = "  call void @llvm.memcpy.p0.p0.i64(ptr align";
        let expected = format!(
            "\
%struct.m = type {{ i8, double }}
define void @f(ptr noundef align 8 %0) #0 {{
  %byval.0 = alloca %struct.m, align 8
  %byval.1 = alloca {{ i8, [2 x i16] }}, align 2
  %byval.2 = alloca %struct.m, align 8
  %2 = alloca i32, align 4
{copy} 8 %byval.0, ptr align 8 %0, {m}
{copy} 2 %byval.1, ptr align 2 @\"a, (b\", {other}
  call void @g(i32 1, ptr noundef align 8 %byval.0, ptr align 2 %byval.1, i32 %2), !dbg !7
{copy} 8 %byval.0, ptr align 8 getelementptr inbounds ([3 x %struct.m], ptr @t, i64 0, i64 1), {m}
{copy} 8 %byval.2, ptr align 8 %0, {m}
  %3 = call i32 %2(ptr align 8 %byval.0, ptr align 8 %byval.2)
  ret void
}}
declare void @g(i32, ptr noundef align 8, ptr align 2, i32)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1 immarg)
"
        );
        assert_eq!(copied(ir), expected);
    }

    #[test]
    fn the_rooms_follow_the_name_of_the_first_block() {
        let ir = "\
define void @f() {
entry:
  call void @g(ptr byval(i32) align 4 @x)
  ret void
}
";
        let lines = copied(ir);
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines[1..3], ["entry:", "  %byval.0 = alloca i32, align 4"]);
    }

    #[test]
    fn nothing_else_changes() {
        let ir = "define void @f() {\n  ret void\n}\n";
        assert_eq!(copied(ir), ir);
        // Text that only looks like it: neither a panic nor a loop.
        for line in [
            "byval(",
            "call byval(",
            "byval() ",
            "x byval(a",
            "byval(\"é",
        ] {
            let _ = (without_byval(line), ByValueArgument::first(line).is_some());
            copied(&format!("define void @f({line}\n  call {line}\n}}\n"));
        }
    }
}
