//! What the bindings declare, by name.

use std::collections::{HashMap, HashSet};

use syn::{
    BinOp, Expr, Fields, ForeignItem, ForeignItemFn, Item, ItemConst, ItemStruct, ItemType, Lit,
    Stmt,
};

/// A structure or union.
pub(super) struct Record {
    /// The bindings' own declaration; `None` for a union.
    pub item: Option<ItemStruct>,
    pub docs: Vec<syn::Attribute>,
    /// Size and alignment in bytes, which opaque ones have not.
    pub layout: Option<(usize, usize)>,
}

/// The declarations of a header.
pub(super) struct Catalogue {
    pub functions: Vec<ForeignItemFn>,
    /// The names of global variables.
    pub variables: Vec<String>,
    pub aliases: HashMap<String, ItemType>,
    pub records: HashMap<String, Record>,
    pub constants: Vec<ItemConst>,
    /// Aliases that stand for an enumeration.
    pub enums: HashSet<String>,
    /// Names of aliases and records in the order of the header.
    pub order: Vec<String>,
}

/// Helpers of the bindings, for which we have other types, and what cannot be passed anyway.
pub(super) fn is_helper(name: &str) -> bool {
    [
        "__Bindgen",
        "__IncompleteArray",
        "__va_list",
        "__builtin_va_list",
        "va_list",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

impl Catalogue {
    pub fn new(bindings: syn::File) -> Self {
        let mut catalogue = Catalogue {
            functions: Vec::new(),
            variables: Vec::new(),
            aliases: HashMap::new(),
            records: HashMap::new(),
            constants: Vec::new(),
            enums: HashSet::new(),
            order: Vec::new(),
        };
        let mut sizes = HashMap::new();
        for item in bindings.items {
            catalogue.item(item, &mut sizes);
        }
        for (name, record) in &mut catalogue.records {
            if let Some((Some(size), Some(align))) = sizes.get(name) {
                record.layout = Some((*size, *align));
            }
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
                for item in block.items {
                    match item {
                        ForeignItem::Fn(function) => self.functions.push(function),
                        ForeignItem::Static(variable) => {
                            self.variables.push(variable.ident.to_string());
                        }
                        _ => {}
                    }
                }
            }
            Item::Type(alias) => {
                let name = alias.ident.to_string();
                self.order.push(name.clone());
                self.aliases.insert(name, alias);
            }
            Item::Struct(item) => {
                let name = item.ident.to_string();
                if !is_helper(&name) {
                    let docs = docs(&item.attrs);
                    self.order.push(name.clone());
                    let record = Record {
                        item: Some(item),
                        docs,
                        layout: None,
                    };
                    self.records.insert(name, record);
                }
            }
            Item::Union(item) => {
                let name = item.ident.to_string();
                let docs = docs(&item.attrs);
                self.order.push(name.clone());
                self.records.insert(
                    name,
                    Record {
                        item: None,
                        docs,
                        layout: None,
                    },
                );
            }
            Item::Const(constant) if constant.ident == "_" => layout(&constant, sizes),
            Item::Const(constant) => self.constants.push(constant),
            _ => {}
        }
    }
}

/// Size and alignment of records, each as far as it is known.
type Sizes = HashMap<String, (Option<usize>, Option<usize>)>;

/// Reads an assertion of the bindings about a layout:
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
            sizes.entry(name.to_owned()).or_default().0 = Some(number);
        } else if let Some(name) = text.strip_prefix("Alignment of ") {
            sizes.entry(name.to_owned()).or_default().1 = Some(number);
        }
    }
}

/// The comments of an item.
pub(super) fn docs(attributes: &[syn::Attribute]) -> Vec<syn::Attribute> {
    let documents = |attribute: &&syn::Attribute| attribute.path().is_ident("doc");
    attributes.iter().filter(documents).cloned().collect()
}

/// The last name of a type that is a path.
pub(super) fn path_name(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

impl Record {
    /// Whether only the name is known.
    pub fn is_opaque(&self) -> bool {
        match &self.item {
            None => self.layout.is_none(),
            Some(item) => match &item.fields {
                Fields::Named(fields) => fields
                    .named
                    .iter()
                    .all(|field| field.ident.as_ref().is_some_and(|name| name == "_unused")),
                Fields::Unnamed(_) | Fields::Unit => true,
            },
        }
    }
}
