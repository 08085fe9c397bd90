import { render } from "preact";
import { Store } from "./store";
import { App } from "./ui/App";

const store = new Store();
render(<App store={store} />, document.getElementById("app") as HTMLElement);
void store.begin();
