//! The declarations of the bindings, by name.

use std::collections::{HashMap, HashSet};

use syn::{
    BinOp, Expr, ForeignItem, ForeignItemFn, Item, ItemConst, ItemStruct, ItemType, Lit, Stmt,
    UseTree, parse_quote,
};

use super::cursors::View;

/// A structure or union.
pub(super) struct CRecord {
    /// The bindings' own declaration; `None` for a union.
    pub item: Option<ItemStruct>,
    pub docs: Vec<syn::Attribute>,
    /// The size and the offsets of the fields. An opaque record has none.
    pub layout: Option<RecordLayout>,
}

/// The layout of a record in C, in bytes.
#[derive(Clone, Default)]
pub(super) struct RecordLayout {
    pub size: usize,
    pub align: usize,
    /// The offsets of fields, by their names in the bindings.
    pub offsets: Vec<(String, usize)>,
}

/// The declarations of a header.
pub(super) struct Catalogue {
    pub functions: Vec<ForeignItemFn>,
    /// Functions with a calling convention other than C's, and its name.
    pub foreign: Vec<(ForeignItemFn, String)>,
    /// Facts that clang knows and the bindings lack.
    pub view: View,
    /// Functions that the header defines itself.
    pub defined: Vec<String>,
    /// Global variables and their types.
    pub variables: Vec<(String, syn::Type)>,
    pub aliases: HashMap<String, ItemType>,
    pub records: HashMap<String, CRecord>,
    pub constants: Vec<ItemConst>,
    /// Macros with a value that no constant can hold: `name (why)`.
    pub valueless: Vec<String>,
    /// Macros without a value: `name (why)`.
    pub no_values: Vec<String>,
    /// Aliases of enumerations.
    pub enums: HashSet<String>,
    /// Names of aliases and records in the order of the header.
    pub order: Vec<String>,
    /// Names of two types. C allows `struct x` and a different `x`.
    pub ambiguous: HashSet<String>,
}

/// Whether a type is a helper of the bindings (which has a substitute here) or a type that cannot be passed at all.
pub(super) fn is_helper(name: &str) -> bool {
    name.starts_with("__Bindgen") || name == "__IncompleteArrayField" || is_va_list(name)
}

/// Whether a name is a type of variable arguments. Each compiler has its own.
pub(super) fn is_va_list(name: &str) -> bool {
    [
        "va_list",
        "__builtin_va_list",
        "__gnuc_va_list",
        "__va_list",
        "__va_list_tag",
    ]
    .contains(&name)
}

impl Catalogue {
    pub fn new(bindings: syn::File) -> Self {
        let mut catalogue = Catalogue {
            functions: Vec::new(),
            foreign: Vec::new(),
            view: View::default(),
            defined: Vec::new(),
            variables: Vec::new(),
            aliases: HashMap::new(),
            records: HashMap::new(),
            constants: Vec::new(),
            valueless: Vec::new(),
            no_values: Vec::new(),
            enums: HashSet::new(),
            order: Vec::new(),
            ambiguous: HashSet::new(),
        };
        let mut sizes = HashMap::new();
        for item in bindings.items {
            catalogue.item(item, &mut sizes);
        }
        for (name, record) in &mut catalogue.records {
            record.layout = sizes.remove(name).filter(|layout| layout.align != 0);
        }
        let aliases = &catalogue.aliases;
        let constants = catalogue.constants.iter();
        catalogue.enums = constants
            .filter_map(|constant| path_name(&constant.ty))
            .filter(|name| aliases.contains_key(name))
            .collect();
        catalogue
    }

    fn item(&mut self, item: Item, sizes: &mut Sizes) {
        match item {
            Item::ForeignMod(block) => {
                let convention = block.abi.name.map(|name| name.value());
                let other = convention.filter(|name| name != "C");
                for item in block.items {
                    match item {
                        ForeignItem::Fn(function) => match &other {
                            Some(other) => self.foreign.push((function, other.clone())),
                            None => self.functions.push(function),
                        },
                        ForeignItem::Static(variable) => {
                            let name = variable.ident.to_string();
                            self.variables.push((name, *variable.ty));
                        }
                        _ => {}
                    }
                }
            }
            Item::Type(alias) => self.alias(alias),
            // `pub use self::color as color_t;`: another name of an enumeration.
            Item::Use(item) => {
                if let UseTree::Path(path) = &item.tree
                    && let UseTree::Rename(names) = &*path.tree
                {
                    let (attributes, name, target) = (&item.attrs, &names.rename, &names.ident);
                    self.alias(parse_quote!(#(#attributes)* pub type #name = #target;));
                }
            }
            Item::Struct(item) => {
                let (name, docs) = (item.ident.to_string(), docs(&item.attrs));
                self.record(name, Some(item), docs);
            }
            Item::Union(item) => self.record(item.ident.to_string(), None, docs(&item.attrs)),
            Item::Const(constant) if constant.ident == "_" => layout(&constant, sizes),
            Item::Const(constant) => self.constants.push(constant),
            _ => {}
        }
    }

    /// Whether a constant is one of an enumeration, not a macro.
    pub fn is_of_enum(&self, constant: &ItemConst) -> bool {
        is_of_enum(constant, &self.enums)
    }

    fn alias(&mut self, alias: ItemType) {
        let name = alias.ident.to_string();
        self.name(&name);
        self.aliases.insert(name, alias);
    }

    fn record(&mut self, name: String, item: Option<ItemStruct>, docs: Vec<syn::Attribute>) {
        if is_helper(&name) {
            return;
        }
        self.name(&name);
        let record = CRecord {
            item,
            docs,
            layout: None,
        };
        self.records.insert(name, record);
    }

    fn name(&mut self, name: &str) {
        if self.aliases.contains_key(name) || self.records.contains_key(name) {
            self.ambiguous.insert(name.to_owned());
        } else {
            self.order.push(name.to_owned());
        }
    }
}

/// The known layouts of records.
type Sizes = HashMap<String, RecordLayout>;

/// Reads a layout assertion of the bindings:
/// `["Size of pair"][::core::mem::size_of::<pair>() - 16usize];`
fn layout(constant: &ItemConst, sizes: &mut Sizes) {
    let Expr::Block(block) = &*constant.expr else {
        return;
    };
    for statement in &block.block.stmts {
        let Stmt::Expr(Expr::Index(index), _) = statement else {
            continue;
        };
        let (Expr::Array(array), Expr::Binary(difference)) = (&*index.expr, &*index.index) else {
            continue;
        };
        let (Some(Expr::Lit(text)), Expr::Lit(number), BinOp::Sub(_)) =
            (array.elems.first(), &*difference.right, difference.op)
        else {
            continue;
        };
        let (Lit::Str(text), Lit::Int(number)) = (&text.lit, &number.lit) else {
            continue;
        };
        let Ok(number) = number.base10_parse::<usize>() else {
            continue;
        };
        let text = text.value();
        if let Some(name) = text.strip_prefix("Size of ") {
            sizes.entry(name.to_owned()).or_default().size = number;
        } else if let Some(name) = text.strip_prefix("Alignment of ") {
            sizes.entry(name.to_owned()).or_default().align = number;
        } else if let Some(field) = text.strip_prefix("Offset of field: ")
            && let Some((name, field)) = field.split_once("::")
        {
            let layout = sizes.entry(name.to_owned()).or_default();
            layout.offsets.push((field.to_owned(), number));
        }
    }
}

/// Whether the type of a constant is one of these enumerations.
pub(super) fn is_of_enum(constant: &ItemConst, enums: &HashSet<String>) -> bool {
    path_name(&constant.ty).is_some_and(|name| enums.contains(&name))
}

/// The name of a function in the library.
pub(super) fn symbol(function: &ForeignItemFn) -> String {
    let linked = function
        .attrs
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("link_name") => match &pair.value {
                syn::Expr::Lit(literal) => match &literal.lit {
                    syn::Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    // The mark `\x01` keeps a linker from changing the name.
    let linked = linked.map(|name| name.trim_start_matches('\u{1}').to_owned());
    linked.unwrap_or_else(|| function.sig.ident.to_string())
}

/// The comments of an item.
pub(super) fn docs(attributes: &[syn::Attribute]) -> Vec<syn::Attribute> {
    let documents = |attribute: &&syn::Attribute| attribute.path().is_ident("doc");
    attributes.iter().filter(documents).cloned().collect()
}

/// The name of a type that is a path. A type of `core::ffi` gets the prefix `ffi::`, because a header may define its own `c_int`.
pub(super) fn path_name(ty: &syn::Type) -> Option<String> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let mut segments = path.path.segments.iter().rev();
    let name = segments.next()?.ident.to_string();
    Some(match segments.next() {
        Some(module) if module.ident == "ffi" => format!("ffi::{name}"),
        _ => name,
    })
}

impl CRecord {
    /// Whether only the name is known, or the record is empty.
    pub fn is_opaque(&self) -> bool {
        self.layout.as_ref().is_none_or(|layout| layout.size == 0)
    }
}
