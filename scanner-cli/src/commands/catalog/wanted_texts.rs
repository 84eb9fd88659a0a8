//! The texts that `--app`, `--stream`, `--owner` and `--search` ask for. Upper and lower case do not matter.

use crate::arguments::Wanted;

/// The texts, in lower case. Each that is not set accepts everything.
pub(super) struct WantedTexts {
    pub(super) app: WantedText,
    pub(super) stream: WantedText,
    pub(super) owner: WantedText,
    /// Found anywhere in a text; the others compare whole texts.
    pub(super) search: WantedText,
}

/// One of the texts.
pub(super) struct WantedText(Option<String>);

impl WantedTexts {
    pub(super) fn new(wanted: &Wanted) -> Self {
        let text = |text: &Option<String>| WantedText(text.as_deref().map(str::to_lowercase));
        Self {
            app: text(&wanted.app),
            stream: text(&wanted.stream),
            owner: text(&wanted.owner),
            search: text(&wanted.search),
        }
    }
}

impl WantedText {
    /// Whether one of these texts is the wanted one.
    pub(super) fn is_one_of<'a>(&self, texts: impl IntoIterator<Item = Option<&'a str>>) -> bool {
        self.fits(texts, |text, wanted| text == wanted)
    }

    /// Whether one of these texts contains the wanted one.
    pub(super) fn is_in<'a>(&self, texts: impl IntoIterator<Item = Option<&'a str>>) -> bool {
        self.fits(texts, |text, wanted| text.contains(wanted))
    }

    fn fits<'a>(
        &self,
        texts: impl IntoIterator<Item = Option<&'a str>>,
        fits: fn(&str, &str) -> bool,
    ) -> bool {
        let Some(wanted) = &self.0 else { return true };
        let mut texts = texts.into_iter().flatten();
        texts.any(|text| fits(&text.to_lowercase(), wanted))
    }
}
