//! What is still English on a page that should be German: words that English sentences hold, and German ones do not.

const WORDS: &str = " a and any are be been before by can cannot do does for from has have how if is it its may more no nobody none nothing \
    of once only or other our own read somebody than that the their them then there they this to until use what when which who whoever \
    whom whose will with without would write you your yours ";

/// The English words that a page says, each with what stands before and after it. `apart` is what people or the site wrote, in whatever
/// language.
pub fn words(page: &str, apart: &[&str]) -> Vec<String> {
    let mut page = page.to_owned();
    for text in apart {
        page = page.replace(text, "");
    }
    let mut said = Vec::new();
    for piece in page.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        said.push(text.to_owned());
        for attribute in ["aria-label=\"", "placeholder=\"", "data-label=\""] {
            if let Some((_, value)) = tag.split_once(attribute) {
                said.push(value.split('"').next().unwrap().to_owned());
            }
        }
    }
    said.retain(|text| {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| WORDS.contains(&format!(" {} ", word.to_lowercase())) && !word.is_empty())
    });
    said
}
