"""How Bottega looks: paper, ink and one red. The colours, the type and the frame; each part brings its own rules."""

import gradio as gr

from ui.client import PAGE_SCRIPT

_INK = gr.themes.Color(
    name="ink", c50="#faf8f4", c100="#f3efe8", c200="#e6e0d5", c300="#cfc7b8", c400="#a39a89", c500="#7c7465",
    c600="#5e574b", c700="#453f36", c800="#2c2822", c900="#1d1a16", c950="#131110",
)  # fmt: skip
_CINABRO = gr.themes.Color(
    name="cinabro", c50="#fdf3f0", c100="#fae3dc", c200="#f3c3b5", c300="#e99c86", c400="#dc7256", c500="#c4533a",
    c600="#a8432d", c700="#8a3725", c800="#6e2d20", c900="#56251b", c950="#33150f",
)  # fmt: skip

THEME = gr.themes.Base(
    primary_hue=_CINABRO,
    secondary_hue=_CINABRO,
    neutral_hue=_INK,
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "SFMono-Regular", "Consolas", "monospace"],
).set(
    body_background_fill="#faf8f4",
    body_background_fill_dark="#171411",
    body_text_color="#1d1a16",
    body_text_color_dark="#ede8df",
    block_background_fill="transparent",
    block_background_fill_dark="transparent",
    block_border_width="0px",
    block_shadow="none",
)

_COLOURS = """
:root{--paper:#faf8f4;--card:#fff;--ink:#1d1a16;--soft:#5e574b;--line:#e6e0d5;--edge:#8f8676;--accent:#a8432d;--on-accent:#fff;--good:#2f6f4a;--warn:#96650a;
 --bad:#a12a2a;--train:#7c7465;--valid:#a8432d;--serif:"Iowan Old Style","Palatino Linotype",Palatino,"URW Palladio L",Georgia,serif;
 --mono:ui-monospace,SFMono-Regular,Consolas,monospace;color-scheme:light}
.dark{--paper:#171411;--card:#1f1b17;--ink:#ede8df;--soft:#b3a996;--line:#38322a;--edge:#8a8071;--accent:#e99c86;--on-accent:#24120d;--good:#7cc29a;--warn:#e0b45c;
 --bad:#ef8f86;--train:#a39a89;--valid:#e98a6f;color-scheme:dark}
"""

_FRAME = """
html,body{background:var(--paper)!important;color:var(--ink)}
.gradio-container{max-width:none!important;padding:0!important;background:var(--paper)!important;color:var(--ink);font-size:15px;line-height:1.5}
.gradio-container .main.fillable,.gradio-container main.fillable,.gradio-container .wrap,.contain>.column{padding:0!important;max-width:none!important}
.contain>.column,#frame,#work,#work>.column,#companion,.panel{gap:0!important}
footer{display:none!important}
.block:has(.html-container),.html-container{padding:0!important;border:0!important;overflow:visible!important;background:transparent!important;box-shadow:none!important}
#top{border-bottom:1px solid var(--line);background:var(--paper);position:relative;z-index:60}
#frame{flex-wrap:nowrap!important;align-items:stretch}
#work{flex:1 1 auto!important;min-width:0!important;padding:20px 36px 72px}
#work>*{max-width:1000px;width:100%}
#companion{flex:0 0 372px!important;min-width:372px!important;border-left:1px solid var(--line);background:color-mix(in srgb,var(--card) 60%,var(--paper))}
#companion>*{height:100%}
.panel{padding:0!important;border:0!important;background:transparent!important}
html:not([data-step=data]) #panel-data,html:not([data-step=method]) #panel-method,html:not([data-step=train]) #panel-train,
html:not([data-step=evaluate]) #panel-evaluate,html:not([data-step=export]) #panel-export{display:none!important}
@media (max-width:900px){
 #frame{flex-direction:column!important}
 #work{padding:10px 16px 110px}
 #companion{min-width:0!important;flex:none!important;width:100%;border:0;background:none;height:auto!important}
}
"""

_CONTROLS = """
.html-container :is(button,input,select,textarea){font:inherit;color:inherit}
.html-container button{cursor:pointer;border-radius:8px;min-height:36px}
.html-container button.plain{border:1px solid var(--edge);background:transparent;color:var(--ink);padding:6px 14px}
.html-container button.plain:hover{border-color:var(--accent);color:var(--accent)}
.html-container button.primary{border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);padding:8px 20px;font-weight:600}
.html-container button.primary:hover{filter:brightness(.92)}
.html-container button.accent{border:1px solid var(--accent);background:transparent;color:var(--accent);padding:6px 14px}
.html-container button.link{border:0;background:none;color:var(--accent);text-decoration:underline;text-underline-offset:2px;padding:2px 2px}
.html-container button:disabled{opacity:.55;cursor:not-allowed}
.html-container :is(button,a,input,select,textarea,summary,[tabindex]):focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.html-container :is(input[type=text],input[type=search],input[type=number],textarea){border:1px solid var(--edge);border-radius:8px;background:var(--card);
 padding:7px 11px;width:100%;min-height:36px;box-sizing:border-box}
.html-container ::placeholder{color:var(--soft)!important;opacity:1}
.html-container :is(input[type=radio],input[type=checkbox]){appearance:auto!important;box-shadow:none!important;
 accent-color:var(--accent);width:18px;height:18px;margin:0;flex:none}
.html-container a{color:var(--accent)}
.html-container .hid{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.html-container .card{border:1px solid var(--line);border-radius:12px;background:var(--card)}
.html-container .num{font-variant-numeric:tabular-nums}
.html-container :is(p,h1,h2,h3,ul,ol,dl,figure,fieldset){margin:0;padding:0}
.html-container h2{font-size:15px;font-weight:600;margin:0 0 8px}
.html-container fieldset{border:0;min-width:0}
.html-container summary{cursor:pointer;min-height:28px}
.html-container details:not([open])>:not(summary){display:none!important}
@media (max-width:900px){
 .html-container button{min-height:44px}
 .html-container button.link{min-height:28px}
 .html-container :is(input[type=text],input[type=search],input[type=number],textarea){min-height:44px;font-size:16px}
}
@media (prefers-reduced-motion:reduce){.html-container *{transition:none!important;animation:none!important}}
"""

# Gradio rewrites what it is given as CSS (it prefixes selectors at their commas, which breaks :is()): our sheet stands in the head, as it is.
CSS = ""
HEAD = f"<style>{_COLOURS}{_FRAME}{_CONTROLS}</style><script>{PAGE_SCRIPT}</script>"
